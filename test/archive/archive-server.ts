/** Serves test archives over HTTP on the loopback device, does what is wrong to order, and records who asked for what. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as Listener } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SiteFile, Sites } from './archive-site.ts';
import type { Fault, Misdeed } from './faults.ts';

export interface Asked {
  readonly method: string;
  /** http://HOST/PATH, as the client named it. */
  readonly url: string;
  /** Of the header Host. */
  readonly host: string;
  readonly path: string;
  /** Was the URL in absolute form, as clients ask a proxy? */
  readonly asProxy: boolean;
  /** What it was answered with; 0 before that. */
  status: number;
}

export interface ArchiveServer {
  readonly port: number;
  /** In the order in which they came. */
  readonly asked: readonly Asked[];
  forget(): void;
  /** May be changed at any time. */
  sites: Sites;
  /** The first that matches counts. Setting them begins their counts anew. */
  faults: readonly Fault[];
  close(): Promise<void>;
}

/** `listener`: a socket that listens already, such as one of another network; otherwise any port of 127.0.0.1. */
export async function startArchiveServer(sites: Sites, listener?: Listener): Promise<ArchiveServer> {
  const state = new ServerState(sites);
  const server = createServer((request, response) => {
    state.answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (listener === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(listener, resolve);
  });
  return Object.assign(state, {
    port: (server.address() as AddressInfo | null)?.port ?? 0,
    close: () => close(server),
  });
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

class ServerState {
  sites: Sites;
  readonly asked: Asked[] = [];
  #faults: readonly Fault[] = [];
  readonly #counts = new Map<Fault, number>();

  constructor(sites: Sites) {
    this.sites = sites;
  }

  get faults(): readonly Fault[] {
    return this.#faults;
  }

  set faults(faults: readonly Fault[]) {
    this.#faults = faults;
    this.#counts.clear();
  }

  forget(): void {
    this.asked.splice(0);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = readRequest(request);
    this.asked.push(asked);
    response.once('close', () => (asked.status = response.headersSent ? response.statusCode : 0));
    const misdeed = this.#misdeedFor(asked.url.replace(/\?.*$/u, ''));
    if (misdeed !== null && (await answerInstead(misdeed, asked, response))) return;
    const site = misdeed?.does === 'site' ? misdeed.site : (this.sites.get(asked.host) ?? this.sites.get('*'));
    const file = site?.get(asked.path);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (misdeed === null || misdeed.does === 'site' || misdeed.does === 'late') await send(file, request, response);
    else sendWrongly(misdeed, Buffer.isBuffer(file) ? file : await readFile(file.file), response);
  }

  #misdeedFor(url: string): Misdeed | null {
    const fault = this.#faults.find(({ on }) => on.test(url));
    if (fault === undefined) return null;
    const count = this.#counts.get(fault) ?? 0;
    this.#counts.set(fault, count + 1);
    return count >= fault.after && count < fault.after + fault.times ? fault.misdeed : null;
  }
}

function readRequest(request: IncomingMessage): Asked {
  const target = request.url ?? '/';
  const asProxy = /^https?:\/\//u.test(target);
  const header = request.headers.host ?? '';
  const url = new URL(asProxy ? target : `http://${header}${target}`);
  return {
    method: request.method ?? '',
    url: url.href,
    host: asProxy ? url.hostname : header.replace(/:\d+$/u, ''),
    path: decodeURIComponent(url.pathname),
    asProxy,
    status: 0,
  };
}

/** Is the answer complete with that? */
async function answerInstead(misdeed: Misdeed, asked: Asked, response: ServerResponse): Promise<boolean> {
  switch (misdeed.does) {
    case 'status':
      response.writeHead(misdeed.status).end();
      return true;
    case 'body':
      response
        .writeHead(200, { 'content-type': misdeed.type, 'content-length': misdeed.body.length })
        .end(misdeed.body);
      return true;
    case 'redirect':
      response.writeHead(302, { location: misdeed.to }).end();
      return true;
    case 'redirect-for-ever':
      response.writeHead(302, { location: `${asked.url}?again` }).end();
      return true;
    case 'late':
      await sleep(misdeed.milliseconds);
      return false;
    case 'site':
    case 'flip':
    case 'cut':
    case 'stall':
    case 'wrong-length':
      return false;
  }
}

function sendWrongly(misdeed: Misdeed, body: Buffer, response: ServerResponse): void {
  if (misdeed.does === 'flip') {
    const place = misdeed.at < 0 ? body.length + misdeed.at : misdeed.at;
    const changed = Buffer.from(body);
    changed.writeUInt8((changed.readUInt8(place) ^ 1) & 0xff, place);
    response.writeHead(200, { 'content-length': body.length }).end(changed);
  } else if (misdeed.does === 'wrong-length') {
    // Written by hand: Node's own answers do not let a length be wrong.
    response.socket?.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length + misdeed.by}\r\nConnection: close\r\n\r\n`,
    );
    response.socket?.end(body);
  } else if (misdeed.does === 'cut' || misdeed.does === 'stall') {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, misdeed.bytes), () => {
      if (misdeed.does === 'cut') response.destroy();
    });
  }
}

async function send(file: SiteFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const size = Buffer.isBuffer(file) ? file.length : (await stat(file.file)).size;
  response.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream' });
  if (request.method === 'HEAD') response.end();
  else if (Buffer.isBuffer(file)) response.end(file);
  else await pipeline(createReadStream(file.file), response);
}
