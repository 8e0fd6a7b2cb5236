import { setTimeout as sleep } from 'node:timers/promises';

/** Gives a function that waits until `bytes` more may have come. */
export function rateLimit(bytesPerSecond: number | undefined, signal: AbortSignal): (bytes: number) => Promise<void> {
  if (bytesPerSecond === undefined) return () => Promise.resolve();
  let dueMs = performance.now();
  return async (bytes) => {
    const nowMs = performance.now();
    // What was not used in the last second is not saved up.
    dueMs = Math.max(dueMs, nowMs - 1000) + (bytes / bytesPerSecond) * 1000;
    if (dueMs > nowMs) await sleep(dueMs - nowMs, undefined, { signal });
  };
}
