import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { Downloaded, DownloadOptions, Net } from '../host/services.ts';
import { unreachable, type FakeHost } from './fake-host.ts';
import { insideRoot } from './inside-root.ts';
import type { Moments } from './moments.ts';
import type { World } from './world.ts';

export function pretendNet(world: World, moments: Moments, host: FakeHost): Net {
  const answerOf = (url: string) => host.net?.[url] ?? 404;
  const bodyOf = (url: string): Buffer => {
    const answer = answerOf(url);
    if (answer === unreachable) throw fail('MSP_NETWORK', { url, problem: 'connection refused' });
    if (answer === 404) throw fail('MSP_DOWNLOAD_NOT_FOUND', { url, status: answer });
    if (typeof answer === 'number') throw fail('MSP_HTTP_STATUS', { url, status: answer });
    return Buffer.from(answer);
  };
  return {
    fetch: (url) =>
      moments.call(`fetch(${url})`, 'reads', () => (answerOf(url) === 404 ? null : { body: bodyOf(url), url })),
    probe: (url) =>
      moments.call(`probe(${url})`, 'reads', () => {
        const answer = answerOf(url);
        if (answer === unreachable) return null;
        const status = typeof answer === 'number' ? answer : 200;
        return { status, headers: {}, body: typeof answer === 'number' ? '' : answer.toString() };
      }),
    download: (url, options) =>
      moments.call(`download(${url})`, 'writes', (inside) => pretendDownload(world, url, bodyOf(url), options, inside)),
  };
}

/** In two halves; what is there of the file already counts as fetched before. */
function pretendDownload(
  world: World,
  url: string,
  body: Buffer,
  options: DownloadOptions,
  inside: () => void,
): Downloaded {
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
  writeFileSync(partial, body);
  options.onProgress?.(sizeBytes, sizeBytes);
  const isWrongSize = expected?.sizeBytes !== undefined && expected.sizeBytes !== sizeBytes;
  const isWrong = expected?.sha256 !== undefined && expected.sha256 !== sha256;
  if (isWrongSize || isWrong) rmSync(partial);
  if (isWrongSize)
    throw fail('MSP_DOWNLOAD_SIZE', { url, expectedBytes: expected.sizeBytes ?? 0, actualBytes: sizeBytes });
  if (isWrong) throw fail('MSP_DOWNLOAD_DIGEST', { url, expected: expected?.sha256 ?? '', actual: sha256 });
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
    etag: null,
    lastModified: null,
  };
}
