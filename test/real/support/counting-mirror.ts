/**
 * A package archive on the loopback device: hands on what the real one has, keeps it, counts who asks for what, and can
 * misbehave. The addresses of clients are real HTTP; nothing is pretended but the faults that a test asks for.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvHttpProxyAgent, request } from 'undici';
import { archiveDirectory, mirrorPort } from './shared-place.ts';

const upstream = 'http://deb.debian.org';
const tries = 4;
/** "/as-ANYTHING/debian/…" is "/debian/…", but for what is answered in its place. */
const otherName = /^\/as-[^/]+(?=\/)/u;

export interface Served {
  readonly path: string;
  readonly status: number;
  /** Did all of it leave? */
  complete: boolean;
  bytes: number;
}

/** `bytes`: an answer of the right length with other content. `cut`: the connection ends in the middle. `body`: another file. */
export type Fault = { readonly status: number } | { readonly body: Buffer } | 'bytes' | 'cut';

export interface CountingMirror {
  /** For --mirror. */
  readonly url: string;
  /** Every answer since the start, or since `forget`. */
  readonly served: readonly Served[];
  forget(): void;
  /** Decides for each path (such as "/debian/dists/…") whether it is answered wrongly. */
  fault: ((path: string) => Fault | null) | null;
  /** The file on this disk with what the archive has at a path, such as /debian/pool/…; fetched if it has to be. */
  keep(path: string): Promise<string>;
  /** Path -> what is answered in the place of what the archive has there. */
  readonly own: Map<string, Buffer>;
  /** Bytes each second; null for as fast as it goes. */
  bytesPerSecond: number | null;
  close(): Promise<void>;
}

/** @param port 0 for any. */
export async function startCountingMirror(store = archiveDirectory(), port = mirrorPort()): Promise<CountingMirror> {
  const served: Served[] = [];
  const agent = new EnvHttpProxyAgent();
  const fetching = new Map<string, Promise<Kept>>();
  const keep = async (path: string): Promise<Kept> => {
    const going = fetching.get(path) ?? fetchAndKeep(agent, store, path).finally(() => fetching.delete(path));
    fetching.set(path, going);
    return await going;
  };
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const path = decodeURIComponent(new URL(incoming.url ?? '/', 'http://mirror').pathname);
    const fault = mirror.fault?.(path) ?? null;
    const body = typeof fault === 'object' && fault !== null ? fault : ownAnswer(mirror.own.get(path));
    const kept = body === null ? await keep(path.replace(otherName, '')) : answerOf(body);
    const record: Served = { path, status: kept.status, complete: false, bytes: 0 };
    served.push(record);
    outgoing.on('finish', () => (record.complete = kept.status === 200));
    if (kept.file === null) outgoing.writeHead(kept.status).end(kept.body);
    else await send(outgoing, kept.file, { record, fault, bytesPerSecond: mirror.bytesPerSecond });
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const mirror: CountingMirror = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`,
    served,
    forget: () => void served.splice(0),
    fault: null,
    own: new Map(),
    keep: async (path) => {
      const { file, status } = await keep(path);
      if (file === null) throw new TypeError(`${upstream}${path} answers ${status}`);
      return file;
    },
    bytesPerSecond: null,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await agent.close();
    },
  };
  return mirror;
}

/** Paths of .deb files that were answered, in order. */
export function packagesServed(mirror: CountingMirror): readonly Served[] {
  return mirror.served.filter(({ path, status }) => path.endsWith('.deb') && status === 200);
}

interface Kept {
  readonly status: number;
  readonly file: string | null;
  readonly body?: Buffer;
}

function ownAnswer(body: Buffer | undefined): { readonly body: Buffer } | null {
  return body === undefined ? null : { body };
}

function answerOf(fault: Exclude<Fault, string>): Kept {
  return 'status' in fault ? { status: fault.status, file: null } : { status: 200, file: null, body: fault.body };
}

async function fetchAndKeep(agent: EnvHttpProxyAgent, store: string, path: string): Promise<Kept> {
  const name = createHash('sha256').update(path).digest('hex');
  const file = join(store, name.slice(0, 2), name);
  const known = await readFile(`${file}.status`, 'utf8').catch(() => null);
  if (known !== null) return known === '200' ? { status: 200, file } : { status: Number(known), file: null };
  const { status, body } = await fetchFromArchive(agent, path);
  await mkdir(dirname(file), { recursive: true });
  if (status === 200) {
    await writeFile(`${file}.new-${process.pid}`, body);
    await rename(`${file}.new-${process.pid}`, file);
  }
  await writeFile(`${file}.status`, String(status));
  return { status, file: status === 200 ? file : null };
}

async function fetchFromArchive(
  agent: EnvHttpProxyAgent,
  path: string,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { statusCode, body } = await request(upstream + path, { dispatcher: agent });
      const bytes = Buffer.from(await body.arrayBuffer());
      if (statusCode === 200 || statusCode === 404) return { status: statusCode, body: bytes };
      throw new TypeError(`${upstream}${path} answers ${statusCode}`);
    } catch (error) {
      if (attempt === tries) throw error;
      await sleep(500 * 2 ** attempt);
    }
  }
}

async function send(
  outgoing: ServerResponse,
  file: string,
  how: { readonly record: Served; readonly fault: Fault | null; readonly bytesPerSecond: number | null },
): Promise<void> {
  const { size } = await stat(file);
  outgoing.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream' });
  let sent = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 16 * 1024 })) {
    if (outgoing.destroyed) return;
    const bytes = chunk as Buffer;
    if (how.fault === 'cut' && sent + bytes.length >= size / 2) {
      outgoing.destroy();
      return;
    }
    const isFull = !outgoing.write(how.fault === 'bytes' ? bytes.map((byte) => 255 - byte) : bytes);
    sent += bytes.length;
    how.record.bytes = sent;
    if (how.bytesPerSecond !== null) await sleep((1000 * bytes.length) / how.bytesPerSecond);
    if (isFull && !outgoing.destroyed) {
      await new Promise<void>((resolve) => {
        outgoing.once('drain', resolve);
        outgoing.once('close', resolve);
      });
    }
  }
  outgoing.end();
}
