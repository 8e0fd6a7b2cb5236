import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HttpNet } from '../../../src/host/net.ts';
import { startFaultyServer, type FaultyServer } from '../../support/faulty-server.ts';
import { expectCode } from './scratch.ts';

const body = randomBytes(16 * 1024 * 1024);
const lastModified = 'Sat, 21 Nov 2026 10:00:00 GMT';
let server: FaultyServer;
let net: HttpNet;

beforeEach(async () => {
  server = await startFaultyServer();
  net = new HttpNet({ env: () => undefined, signal: new AbortController().signal, retryDelayMs: 1 });
});
afterEach(async () => {
  await net.close();
  server.close();
});
const peek = (path: string, known: { etag: string | null; lastModified: string | null } | null = null) =>
  net.peek(`${server.url}${path}`, { bytes: 1000, known });

test('the first bytes of a large file, and no more of it; its size; a redirect and a query', async () => {
  server.files['/f'] = { body, lastModified };
  server.files['/old'] = { body, redirect: '/f?token=1&x=2' };
  const found = await peek('/old?y=3');
  expect(found).toEqual({
    ...{ url: `${server.url}/f?token=1&x=2`, secure: false, isKnown: false, sizeBytes: body.length, lastModified },
    ...{ start: body.subarray(0, 1000), etag: expect.stringMatching(/^"/u) },
  });
  expect(server.requests).toEqual(['GET /old?y=3 bytes=0-999', 'GET /f?token=1&x=2 bytes=0-999']);
  expect(server.servedBytes()).toBe(1000);
});

test('a server that ignores Range is left in the middle', async () => {
  server.files['/f'] = { body, ranges: false };
  expect(await peek('/f')).toMatchObject({ start: body.subarray(0, 1000), sizeBytes: body.length });
  // What the kernel holds of it was handed out.
  expect(server.servedBytes()).toBeLessThan(body.length);
});

test('what is known is asked for in the same request, by ETag or by date', async () => {
  server.files['/f'] = { body, lastModified };
  const first = await peek('/f');
  for (const known of [first, { etag: null, lastModified }]) {
    server.requests.length = 0;
    const before = server.servedBytes();
    expect(await peek('/f', known)).toMatchObject({ isKnown: true, start: Buffer.alloc(0), sizeBytes: null });
    expect(server.requests).toEqual(['GET /f bytes=0-999']);
    expect(server.servedBytes()).toBe(before);
  }
  expect(await peek('/f', { etag: '"other"', lastModified: null })).toMatchObject({ isKnown: false });
});

test('what passes is tried again, what does not is told', async () => {
  server.files['/busy'] = { body, failures: { status: 503, times: 2 } };
  expect((await peek('/busy')).start).toHaveLength(1000);
  server.files['/busier'] = { body, failures: { status: 503, times: 99 } };
  const options = { bytes: 1000, known: null };
  await expectCode(net.peek(`${server.url}/busier`, { ...options, retries: 1 }), 'MSP_HTTP_STATUS');
  expect(server.requests.filter((line) => line.includes('busier'))).toHaveLength(2);
  server.files['/shut'] = { body, failures: { status: 403, times: 99 } };
  await expectCode(peek('/shut'), 'MSP_HTTP_STATUS');
  await expectCode(peek('/none'), 'MSP_DOWNLOAD_NOT_FOUND');
  expect(server.requests.filter((line) => !line.includes('bus'))).toHaveLength(2);
  server.files['/empty'] = { body: Buffer.alloc(0) };
  // What has no parts is no empty file.
  server.files['/whole'] = { body, noParts: true };
  expect(await peek('/whole')).toMatchObject({ start: body.subarray(0, 1000), sizeBytes: body.length });
  server.files['/odd'] = { body, failures: { status: 416, times: 99 } };
  expect((await expectCode(peek('/odd'), 'MSP_HTTP_STATUS')).message).toContain('answers 416');
  expect(await peek('/empty')).toMatchObject({ start: Buffer.alloc(0) });
});
