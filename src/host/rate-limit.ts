import { setTimeout as sleep } from 'node:timers/promises';

/** setTimeout takes more for nothing. */
const longestMs = 2 ** 31 - 1;

/** Gives a function that waits until `bytes` more may have come. */
export function rateLimit(bytesPerSecond: number | undefined, signal: AbortSignal): (bytes: number) => Promise<void> {
  if (bytesPerSecond === undefined) return () => Promise.resolve();
  let dueMs = performance.now();
  return async (bytes) => {
    const nowMs = performance.now();
    // What was not used in the last second is not saved up.
    dueMs = Math.max(dueMs, nowMs - 1000) + (bytes / bytesPerSecond) * 1000;
    for (let leftMs = dueMs - nowMs; leftMs > 0; leftMs -= longestMs)
      await sleep(Math.min(leftMs, longestMs), undefined, { signal });
  };
}
