/** A web server on 127.0.0.1 with faults to order, which counts what it sends. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServedFile {
  readonly body: Buffer;
  /** @default of the body */
  readonly etag?: string | null;
  /** @default null */
  readonly lastModified?: string | null;
  /** @default true */
  readonly ranges?: boolean;
  /** Does it honour If-Range and If-None-Match? @default true */
  readonly conditions?: boolean;
  /** Bytes that each of the answers sends before the connection is cut; the last one counts for all after it. */
  readonly cuts?: readonly number[];
  /** Sends that many bytes, then nothing more, and keeps the connection. */
  readonly stallAfter?: number;
  /** Instead of the true one; null for chunks without a length. */
  readonly contentLength?: number | null;
  /** Answers with it for the first so many requests. */
  readonly failures?: { readonly status: number; readonly times: number; readonly retryAfter?: string };
  /** 416 for whatever part. @default false */
  readonly noParts?: boolean;
  /** USER:PASSWORD that must come with each request. */
  readonly user?: string;
  readonly redirect?: string;
  /** Repeats the body for ever. */
  readonly endless?: boolean;
  /** What is served from the second request on. */
  readonly later?: ServedFile;
  readonly contentType?: string;
  readonly bytesPerSecond?: number;
}

export interface FaultyServer {
  readonly url: string;
  /** Files by path; may be changed at any time. */
  readonly files: Record<string, ServedFile>;
  /** "METHOD path range" of each request. */
  readonly requests: string[];
  /** Connections that were opened. */
  readonly connections: () => number;
  /** Bytes of bodies that were handed to the network. */
  readonly servedBytes: () => number;
  close(): void;
}

/** `tls`: key and certificate, both PEM; it then speaks https. */
export async function startFaultyServer(
  files: Record<string, ServedFile> = {},
  tls: { readonly key: Buffer; readonly cert: Buffer } | null = null,
): Promise<FaultyServer> {
  const requests: string[] = [];
  const asked = new Map<string, number>();
  let [served, connections] = [0, 0];
  const send = async (file: ServedFile, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const times = asked.get(request.url ?? '') ?? 0;
    asked.set(request.url ?? '', times + 1);
    if (file.later !== undefined && times > 0) return await send(file.later, request, response);
    if (file.failures !== undefined && times < file.failures.times)
      return void response
        .writeHead(file.failures.status, {
          ...(file.failures.retryAfter && { 'retry-after': file.failures.retryAfter }),
        })
        .end();
    const given = request.headers.authorization ?? '';
    if (file.user !== undefined && given !== `Basic ${Buffer.from(file.user).toString('base64')}`)
      return void response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
    if (file.noParts === true && request.headers.range !== undefined) return void response.writeHead(416).end();
    if (file.redirect !== undefined) return void response.writeHead(302, { location: file.redirect }).end();
    const head = headOf(file, request);
    response.writeHead(head.status, head.headers);
    // The head alone, before a cut.
    response.flushHeaders();
    const cut = file.cuts?.[Math.min(times, file.cuts.length - 1)] ?? Infinity;
    const most = Math.min(cut, file.stallAfter ?? Infinity);
    let sent = 0;
    do {
      for (let at = 0; at < head.body.length && sent < most;) {
        const piece = head.body.subarray(at, Math.min(at + 65_536, at + most - sent));
        if (response.destroyed) return;
        if (!response.write(piece)) await drained(response);
        served += piece.length;
        sent += piece.length;
        at += piece.length;
        if (file.bytesPerSecond !== undefined) await sleep((piece.length / file.bytesPerSecond) * 1000);
      }
    } while (file.endless === true && sent < most && !response.destroyed);
    if (sent >= (file.stallAfter ?? Infinity)) return;
    const isLie = typeof file.contentLength === 'number' && file.contentLength > sent;
    if (!isLie && (sent < cut || cut === Infinity)) response.end();
    else response.socket?.destroySoon();
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    requests.push([request.method, request.url, request.headers.range].filter(Boolean).join(' '));
    const file = files[path];
    if (file === undefined) response.writeHead(404).end('not here');
    else send(file, request, response).catch(() => response.destroy());
  };
  const server = tls === null ? createServer(answer) : createSecureServer(tls, answer);
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls === null ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    requests,
    connections: () => connections,
    servedBytes: () => served,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function headOf(
  file: ServedFile,
  request: IncomingMessage,
): { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer } {
  const { body, lastModified = null, ranges = true, conditions = true, contentType } = file;
  const etag = file.etag === undefined ? `"${createHash('md5').update(body).digest('hex')}"` : file.etag;
  const headers: Record<string, string> = {
    ...(etag !== null && { etag }),
    ...(lastModified !== null && { 'last-modified': lastModified }),
    ...(contentType !== undefined && { 'content-type': contentType }),
  };
  const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch, 'if-modified-since': since } = request.headers;
  const isKnown = ifNoneMatch === undefined ? since !== undefined && since === lastModified : ifNoneMatch === etag;
  if (conditions && isKnown) return { status: 304, headers, body: Buffer.alloc(0) };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/u.exec(range ?? '') ?? [];
  const isSame = !conditions || ifRange === undefined || [etag, lastModified].includes(String(ifRange));
  if (!ranges || from === undefined || !isSame) {
    const length = file.contentLength === undefined ? body.length : file.contentLength;
    return { status: 200, headers: { ...headers, ...(length !== null && { 'content-length': `${length}` }) }, body };
  }
  const start = Number(from);
  if (start >= body.length)
    return {
      status: 416,
      headers: { ...headers, 'content-range': `bytes */${body.length}`, 'content-length': '0' },
      body: Buffer.alloc(0),
    };
  const end = Math.min(body.length - 1, to === undefined || to === '' ? Infinity : Number(to));
  return {
    status: 206,
    headers: {
      ...headers,
      'content-range': `bytes ${start}-${end}/${body.length}`,
      'content-length': `${end - start + 1}`,
    },
    body: body.subarray(start, end + 1),
  };
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
