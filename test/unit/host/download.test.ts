import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors/catalog.ts';
import { HttpNet } from '../../../src/host/net.ts';
import type { DownloadOptions } from '../../../src/host/net-services.ts';
import { startFaultyServer, type FaultyServer, type ServedFile } from '../../support/faulty-server.ts';
import { expectCode, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const body = randomBytes(3 * 1024 * 1024 + 17);
const other = randomBytes(3 * 1024 * 1024 + 17);
const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const mib = 1024 * 1024;
const notes: string[] = [];

let server: FaultyServer;
let place = '';
let count = 0;
const nets: HttpNet[] = [];

beforeEach(async () => {
  server = await startFaultyServer();
  count += 1;
  place = join(scratch, `case-${count}`);
  notes.length = 0;
});
afterEach(async () => {
  for (const net of nets.splice(0)) await net.close();
  server.close();
});

function makeNet(env: Record<string, string> = {}, signal = new AbortController().signal): HttpNet {
  const net = new HttpNet({ env: (name) => env[name], signal, retryDelayMs: 1 });
  nets.push(net);
  return net;
}

const serve = (file: Partial<ServedFile>): void => void (server.files['/f'] = { body, ...file });
const fetchIt = (options: Partial<DownloadOptions> = {}, net = makeNet()) =>
  net.download(`${server.url}/f`, { path: join(place, 'f'), onNote: (text) => void notes.push(text), ...options });
const left = (): readonly string[] => (existsSync(place) ? readdirSync(place).toSorted() : []);

/** A download that is cut off for good after so many bytes, as by a kill. */
async function leavePartial(bytes: number, file: Partial<ServedFile> = {}): Promise<void> {
  serve({ cuts: [bytes], ...file });
  await expectCode(fetchIt({ retries: 0 }), 'MSP_DOWNLOAD_CUT');
  expect(left()).toEqual(['f.partial', 'f.partial.json']);
  server.requests.length = 0;
}

test('a file is fetched, hashed, counted and named at the end', async () => {
  serve({ lastModified: 'Sat, 21 Nov 2026 10:00:00 GMT' });
  const seen: number[] = [];
  const done = await fetchIt({
    onProgress: (bytes, total) => void (expect(total).toBe(body.length), seen.push(bytes)),
  });
  expect(done).toEqual({
    url: `${server.url}/f`,
    path: join(place, 'f'),
    sha256: digestOf(body),
    sizeBytes: body.length,
    fetchedBytes: body.length,
    secure: false,
    etag: expect.stringMatching(/^"[0-9a-f]{32}"$/u),
    lastModified: 'Sat, 21 Nov 2026 10:00:00 GMT',
  });
  expect(readFileSync(done.path)).toEqual(body);
  expect(left()).toEqual(['f']);
  expect(seen.at(-1)).toBe(body.length);
});

test('many files of one step share a connection; the path may depend on the digest', async () => {
  serve({});
  const net = makeNet();
  for (let times = 0; times < 4; times += 1) {
    const done = await fetchIt({ path: (sha256) => join(place, sha256), partial: join(place, 'part', 'x') }, net);
    expect(done.path).toBe(join(place, digestOf(body)));
  }
  expect(server.connections()).toBe(1);
});

test('an empty file, and one without a length', async () => {
  serve({ body: Buffer.alloc(0) });
  expect((await fetchIt()).sizeBytes).toBe(0);
  serve({ contentLength: null });
  expect((await fetchIt()).sha256).toBe(digestOf(body));
});

describe('going on', () => {
  test('within a call: each cut costs nothing', async () => {
    serve({ cuts: [mib, mib, 500_000, Infinity] });
    const done = await fetchIt();
    expect(done.sha256).toBe(digestOf(body));
    expect(server.requests).toHaveLength(4);
    expect(server.servedBytes()).toBe(body.length);
  });

  test('in another process, by ETag', async () => {
    await leavePartial(2 * mib);
    serve({});
    const done = await fetchIt();
    expect(done.sha256).toBe(digestOf(body));
    expect(server.requests).toEqual([`GET /f bytes=${2 * mib}-`]);
    expect(done.fetchedBytes).toBe(body.length - 2 * mib);
  });

  test('by date, and not by a weak ETag', async () => {
    const lastModified = 'Sat, 21 Nov 2026 10:00:00 GMT';
    await leavePartial(2 * mib, { etag: 'W/"1"', lastModified });
    serve({ etag: 'W/"1"', lastModified });
    expect((await fetchIt()).sha256).toBe(digestOf(body));
    expect(server.servedBytes()).toBe(body.length);
  });

  test('without validators only where a digest is promised', async () => {
    await leavePartial(2 * mib, { etag: null });
    serve({ etag: null });
    await fetchIt({ path: join(place, 'g'), partial: join(place, 'f.partial') });
    expect(server.requests).toEqual(['GET /f']);
    await leavePartial(2 * mib, { etag: null }).catch(() => {});
    server.requests.length = 0;
    serve({ etag: null });
    await fetchIt({ expected: { sha256: digestOf(body) } });
    expect(server.requests).toEqual([`GET /f bytes=${2 * mib}-`]);
  });

  test('all was there but the rename', async () => {
    await leavePartial(2 * mib);
    writeFileSync(join(place, 'f.partial'), body);
    serve({});
    expect((await fetchIt()).fetchedBytes).toBe(0);
  });

  test('a server that has another file now: over from the start', async () => {
    await leavePartial(2 * mib);
    serve({ body: other });
    expect((await fetchIt()).sha256).toBe(digestOf(other));
    expect(notes).toEqual(['starts over: the server has another file now']);
  });

  test('between two tries of one call', async () => {
    serve({ cuts: [2 * mib], later: { body: other } });
    expect((await fetchIt()).sha256).toBe(digestOf(other));
  });

  test('a server that changes the file and ignores If-Range: never glued', async () => {
    await leavePartial(2 * mib);
    serve({ body: other, conditions: false });
    expect((await fetchIt()).sha256).toBe(digestOf(other));
    await leavePartial(2 * mib, { conditions: false }).catch(() => {});
    serve({ body: Buffer.concat([other, other]), etag: null, conditions: false });
    expect((await fetchIt()).sha256).toBe(digestOf(Buffer.concat([other, other])));
  });

  const monday = 'Mon, 23 Nov 2026 10:00:00 GMT';
  const tuesday = 'Tue, 24 Nov 2026 10:00:00 GMT';
  test.each<readonly [string, Partial<ServedFile>, Partial<ServedFile>]>([
    ['another date', { etag: null, lastModified: monday }, { etag: null, lastModified: tuesday }],
    ['no date any more', { etag: null, lastModified: monday }, { etag: null, lastModified: null }],
    ['no ETag any more', { etag: '"1"' }, { etag: null }],
    ['no ETag any more, the same date', { etag: '"1"', lastModified: monday }, { etag: null, lastModified: monday }],
    ['a weak ETag, no date any more', { etag: 'W/"1"', lastModified: monday }, { etag: 'W/"1"', lastModified: null }],
  ])('another file of the same size, and If-Range ignored: %s', async (_name, before, after) => {
    await leavePartial(2 * mib, before);
    serve({ body: other, conditions: false, ...after });
    expect((await fetchIt()).sha256).toBe(digestOf(other));
    expect(server.requests).toEqual([`GET /f bytes=${2 * mib}-`, 'GET /f']);
    server.requests.length = 0;
    // Within one call, too.
    serve({ cuts: [2 * mib], ...before, later: { body: other, conditions: false, ...after } });
    expect((await fetchIt({ path: join(place, 'g') })).sha256).toBe(digestOf(other));
  });

  test('a date that is left out beside the same ETag is no other file', async () => {
    await leavePartial(2 * mib, { etag: '"1"', lastModified: monday });
    serve({ etag: '"1"', lastModified: null });
    expect((await fetchIt()).sha256).toBe(digestOf(body));
    expect(server.requests).toEqual([`GET /f bytes=${2 * mib}-`]);
  });

  test('validators that vanish do no harm where a digest is promised', async () => {
    await leavePartial(2 * mib, { etag: '"1"', lastModified: monday });
    serve({ etag: null, conditions: false });
    await fetchIt({ expected: { sha256: digestOf(body) } });
    expect(server.requests).toEqual([`GET /f bytes=${2 * mib}-`]);
  });

  test('a server that ignores Range', async () => {
    await leavePartial(2 * mib);
    serve({ ranges: false });
    expect((await fetchIt()).sha256).toBe(digestOf(body));
    expect(notes).toEqual(['starts over: the server cannot go on in the middle of a file']);
  });

  test('416: the file has become shorter', async () => {
    await leavePartial(2 * mib);
    const short = body.subarray(0, mib);
    serve({ body: short, conditions: false });
    expect((await fetchIt()).sha256).toBe(digestOf(short));
    expect(server.requests).toEqual([`GET /f bytes=${2 * mib}-`, 'GET /f']);
  });

  test('what was not on the disk before a power cut is not trusted', async () => {
    await leavePartial(2 * mib);
    const note = join(place, 'f.partial.json');
    writeFileSync(note, readFileSync(note, 'utf8').replace(/"bootId":"[^"]+"/u, '"bootId":"another"'));
    serve({});
    expect((await fetchIt()).sha256).toBe(digestOf(body));
    expect(server.requests).toEqual(['GET /f']);
  });

  test('a torn note, or the partial file of another URL, is nothing', async () => {
    await leavePartial(2 * mib);
    writeFileSync(join(place, 'f.partial.json'), '{"format":1,');
    serve({});
    expect((await fetchIt()).fetchedBytes).toBe(body.length);
    server.files['/g'] = { body: other };
    await leavePartial(2 * mib).catch(() => {});
    await makeNet().download(`${server.url}/g`, { path: join(place, 'f') });
    expect(readFileSync(join(place, 'f'))).toEqual(other);
  });
});

describe('what can pass is tried again', () => {
  test.each([500, 503, 429])('status %i', async (status) => {
    serve({ failures: { status, times: 3 } });
    expect((await fetchIt()).sizeBytes).toBe(body.length);
  });

  test('a stall', async () => {
    serve({ stallAfter: 2 * mib, later: { body } });
    expect((await fetchIt({ stallMs: 300 })).sha256).toBe(digestOf(body));
  }, 15_000);
});

describe('what cannot', () => {
  const fails = async (code: ErrorCode, file: Partial<ServedFile>, options: Partial<DownloadOptions> = {}) => {
    serve(file);
    const error = await expectCode(fetchIt(options), code);
    expect(existsSync(join(place, 'f'))).toBe(false);
    return error;
  };

  test('404 is asked for once', async () => {
    await expectCode(makeNet().download(`${server.url}/none`, { path: join(place, 'f') }), 'MSP_DOWNLOAD_NOT_FOUND');
    expect(server.requests).toHaveLength(1);
  });

  test('403 is asked for once', async () => {
    await fails('MSP_HTTP_STATUS', { failures: { status: 403, times: 99 } });
    expect(server.requests).toHaveLength(1);
  });

  test('a wrong digest: the bytes are not kept', async () => {
    await fails('MSP_DOWNLOAD_DIGEST', {}, { expected: { sha256: digestOf(other) } });
    expect(server.requests).toHaveLength(1);
    expect(left()).toEqual([]);
  });

  test('a wrong size is seen before the body, or at its end', async () => {
    await fails('MSP_DOWNLOAD_SIZE', {}, { expected: { sizeBytes: 5 } });
    await fails('MSP_DOWNLOAD_SIZE', { contentLength: null }, { expected: { sizeBytes: body.length + 1 } });
    expect(left()).toEqual([]);
  });

  test('an endless body, and one that is announced as too large', async () => {
    await fails('MSP_DOWNLOAD_TOO_LARGE', { endless: true, contentLength: null }, { maxBytes: 8 * mib });
    expect(server.servedBytes()).toBeLessThan(24 * mib);
    await fails('MSP_DOWNLOAD_TOO_LARGE', {}, { maxBytes: mib });
    expect(left()).toEqual([]);
  });

  test('a lying Content-Length: good bytes are kept', async () => {
    const error = await fails('MSP_DOWNLOAD_CUT', { contentLength: body.length + 1000, ranges: false });
    expect(error.message).toContain(`after ${body.length} of ${body.length + 1000} bytes`);
    expect(left()).toEqual(['f.partial', 'f.partial.json']);
  });

  test('a Content-Length that is too small: nothing is taken for whole', async () => {
    await fails('MSP_DOWNLOAD_DIGEST', { contentLength: mib }, { expected: { sha256: digestOf(body) } });
    expect(left()).toEqual([]);
  });

  test('a server that always cuts before anything comes', async () => {
    await fails('MSP_DOWNLOAD_CUT', { cuts: [mib, 0] });
    await fails('MSP_NETWORK', { cuts: [0] }, { path: join(place, 'h', 'f') });
  });

  test('no part of it is to be had', async () => {
    await leavePartial(2 * mib);
    await fails('MSP_DOWNLOAD_RANGE', { failures: { status: 416, times: 99 } }, { retries: 2 });
  });

  test('nothing comes', async () => {
    await fails('MSP_DOWNLOAD_STALLED', { stallAfter: 10 }, { stallMs: 200, retries: 0 });
  }, 15_000);

  test('more than there is room for', async () => {
    await fails('MSP_SPACE_LOW', { contentLength: 2 ** 52, cuts: [mib] });
  });

  test('nowhere to write', async () => {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'file'), '');
    serve({});
    await expectCode(fetchIt({ path: join(place, 'file', 'f') }), 'MSP_FILE_UNWRITABLE');
  });

  test.each(['ftp://127.0.0.1/f', 'https://a b/', 'file:///etc/passwd'])('a redirect to %s', async (redirect) => {
    const error = await fails('MSP_REDIRECT_REFUSED', { redirect });
    expect(error.message).toContain(`'${redirect}'`);
    await expectCode(makeNet().fetch(`${server.url}/f`), 'MSP_REDIRECT_REFUSED');
    await expectCode(makeNet().peek(`${server.url}/f`, { bytes: 10 }), 'MSP_REDIRECT_REFUSED');
    expect(server.requests).toHaveLength(3);
  });

  test('no URL', async () => {
    await expectCode(makeNet().download('no url', { path: join(place, 'f') }), 'MSP_NETWORK');
  });
});

test('cancel ends it soon, and what came is kept', async () => {
  const controller = new AbortController();
  serve({ bytesPerSecond: 4 * mib });
  const stop = (bytes: number): void => void (bytes > 1.5 * mib && controller.abort());
  await expectCode(fetchIt({ signal: controller.signal, onProgress: stop }), 'MSP_CANCELLED');
  expect(left()).toEqual(['f.partial', 'f.partial.json']);
  await expectCode(fetchIt({}, makeNet({}, controller.signal)), 'MSP_CANCELLED');
});

test('the rate is limited', async () => {
  serve({});
  const begin = performance.now();
  await fetchIt({ limitBytesPerSecond: 4 * mib });
  expect(performance.now() - begin).toBeGreaterThan(600);
});

test('redirects, and a proxy', async () => {
  const proxy = await startFaultyServer();
  try {
    server.files['/old'] = { body, redirect: '/f?x=1' };
    serve({});
    const moved = await makeNet().download(`${server.url}/old`, { path: join(place, 'f') });
    expect(moved.url).toBe(`${server.url}/f?x=1`);
    await expectCode(fetchIt({ proxy: proxy.url }), 'MSP_DOWNLOAD_NOT_FOUND');
    expect(proxy.requests).toEqual([`GET ${server.url}/f`]);
    await expectCode(fetchIt({}, makeNet({ http_proxy: proxy.url })), 'MSP_DOWNLOAD_NOT_FOUND');
    await fetchIt({}, makeNet({ http_proxy: proxy.url, no_proxy: '127.0.0.1' }));
    await fetchIt({ proxy: null }, makeNet({ http_proxy: proxy.url }));
  } finally {
    proxy.close();
  }
});
