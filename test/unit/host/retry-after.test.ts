import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpNet } from '../../../src/host/net.ts';
import { retryAfterMs } from '../../../src/host/retry-after.ts';
import { startFaultyServer, type FaultyServer } from '../../support/faulty-server.ts';

let server: FaultyServer;
beforeAll(async () => (server = await startFaultyServer()));
afterAll(() => server.close());

test('seconds or a date, at most a minute', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  expect(retryAfterMs('3', now)).toBe(3000);
  expect(retryAfterMs('86400', now)).toBe(60_000);
  expect(retryAfterMs('Sat, 21 Nov 2026 10:00:10 GMT', now)).toBe(10_000);
  expect(retryAfterMs('Sat, 21 Nov 2026 09:00:00 GMT', now)).toBe(0);
  for (const text of [null, 'soon', '-1.x']) expect(retryAfterMs(text, now)).toBeNull();
});

test.each([429, 503])('a server that answers %i is left alone for as long as it asks', async (status) => {
  const net = new HttpNet({ env: () => undefined, signal: new AbortController().signal, retryDelayMs: 1 });
  server.files['/f'] = { body: Buffer.from('body'), failures: { status, times: 1, retryAfter: '1' } };
  for (const ask of [
    () => net.peek(`${server.url}/f?peek-${status}`, { bytes: 4 }),
    () => net.fetch(`${server.url}/f?fetch-${status}`),
  ]) {
    const start = performance.now();
    await ask();
    expect(performance.now() - start).toBeGreaterThan(990);
  }
  await net.close();
});
