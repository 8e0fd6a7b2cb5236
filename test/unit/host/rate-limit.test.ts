import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { rateLimit } from '../../../src/host/rate-limit.ts';

const warned = vi.fn();
process.on('warning', warned);
afterEach(() => {
  warned.mockClear();
});

test('a rate so low that the wait is longer than a timer can be is still a limit', async () => {
  const controller = new AbortController();
  const pace = rateLimit(1, controller.signal);
  let isOver = false;
  const wait = pace(2 ** 32).finally(() => (isOver = true));
  await setImmediate();
  await setImmediate();
  expect(isOver).toBe(false);
  expect(warned).not.toHaveBeenCalled();
  controller.abort();
  await expect(wait).rejects.toThrow('aborted');
});

test('no limit is no wait', async () => {
  await rateLimit(undefined, new AbortController().signal)(2 ** 40);
});
