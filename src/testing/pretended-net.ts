import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { Downloaded, DownloadOptions, Fetched, Net } from '../host/net-services.ts';
import { unreachable, type FakeHost } from './fake-host.ts';
import { insideRoot } from './inside-root.ts';
import type { Moments } from './moments.ts';
import type { World } from './world.ts';

export function pretendNet(world: World, moments: Moments, host: FakeHost): Net {
  const answerOf = (url: string) => {
    const answer = host.net?.[url] ?? 404;
    if (typeof answer !== 'object' || !('status' in answer)) return answer;
    return answer.status === 200 ? (answer.body ?? '') : answer.status;
  };
  const bodyOf = (url: string): Buffer => {
    const answer = answerOf(url);
    if (answer === unreachable) throw fail('MSP_NETWORK', { url, problem: 'connection refused' });
    if (answer === 404) throw fail('MSP_DOWNLOAD_NOT_FOUND', { url, status: answer });
    if (typeof answer === 'number') throw fail('MSP_HTTP_STATUS', { url, status: answer });
    return Buffer.from(answer);
  };
  const served = (url: string): Fetched => ({
    body: bodyOf(url),
    url,
    ...(host.serverTime !== undefined && { servedAt: host.serverTime }),
  });
  return {
    peek: (url, { bytes, known }) =>
      moments.call(`peek(${url})`, 'reads', () => {
        const body = bodyOf(url);
        const etag = `"${createHash('md5').update(body).digest('hex')}"`;
        const isKnown = known?.etag === etag;
        const start = isKnown ? Buffer.alloc(0) : body.subarray(0, bytes);
        const secure = url.startsWith('https:');
        return { url, secure, isKnown, start, sizeBytes: isKnown ? null : body.length, etag, lastModified: null };
      }),
    fetch: (url) => moments.call(`fetch(${url})`, 'reads', () => (answerOf(url) === 404 ? null : served(url))),
    exists: (url) => moments.call(`exists(${url})`, 'reads', () => answerOf(url) !== 404 && served(url) !== null),
    probe: (url) =>
      moments.call(`probe(${url})`, 'reads', () => {
        const isThere = Object.keys(host.net ?? {}).some((known) => known.startsWith(new URL('/', url).href));
        const answer = host.net?.[url] ?? 404;
        if (!isThere || answer === unreachable) return null;
        if (typeof answer === 'number') return { status: answer, headers: {}, body: '' };
        if (typeof answer === 'object' && 'status' in answer) return { headers: {}, body: '', ...answer };
        return { status: 200, headers: {}, body: answer.toString() };
      }),
    download: (url, options) =>
      moments.call(`download(${url})`, 'writes', async (inside) =>
        pretendDownload(world, url, bodyOf(url), options, inside),
      ),
  };
}

/** In two halves; what is there of the file already counts as fetched before. */
async function pretendDownload(
  world: World,
  url: string,
  body: Buffer,
  options: DownloadOptions,
  inside: () => void,
): Promise<Downloaded> {
  const sha256 = createHash('sha256').update(body).digest('hex');
  const path = typeof options.path === 'string' ? options.path : options.path(sha256);
  const partial = insideRoot(world.root, options.partial ?? `${path}.partial`, false);
  const { expected, maxBytes = Infinity } = options;
  const sizeBytes = body.length;
  if (sizeBytes > maxBytes) throw fail('MSP_DOWNLOAD_TOO_LARGE', { url, maxBytes });
  mkdirSync(dirname(partial), { recursive: true });
  const isBegun = existsSync(partial);
  if (!isBegun) {
    writeFileSync(partial, body.subarray(0, sizeBytes / 2));
    inside();
  }
  const grown = { path: options.partial ?? `${path}.partial`, secure: url.startsWith('https:') };
  options.onGrown?.({ ...grown, sizeBytes: Math.floor(sizeBytes / 2) });
  writeFileSync(partial, body);
  options.onProgress?.(sizeBytes, sizeBytes);
  const isWrongSize = expected?.sizeBytes !== undefined && expected.sizeBytes !== sizeBytes;
  const isWrong = expected?.sha256 !== undefined && expected.sha256 !== sha256;
  if (isWrongSize || isWrong) rmSync(partial);
  if (isWrongSize)
    throw fail('MSP_DOWNLOAD_SIZE', { url, expectedBytes: expected.sizeBytes ?? 0, actualBytes: sizeBytes });
  if (isWrong) throw fail('MSP_DOWNLOAD_DIGEST', { url, expected: expected?.sha256 ?? '', actual: sha256 });
  await options.onWhole?.({ ...grown, sizeBytes });
  const place = insideRoot(world.root, path, false);
  mkdirSync(dirname(place), { recursive: true });
  renameSync(partial, place);
  return {
    url,
    path,
    sha256,
    sizeBytes,
    fetchedBytes: isBegun ? sizeBytes - Math.floor(sizeBytes / 2) : sizeBytes,
    secure: url.startsWith('https:'),
    etag: `"${createHash('md5').update(body).digest('hex')}"`,
    lastModified: null,
  };
}
