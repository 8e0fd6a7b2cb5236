import type { RetryPolicy } from './step.ts';

/** Milliseconds to wait before the next attempt, or null when there is none for this error. */
export function retryDelay(policy: RetryPolicy, failures: number, code: string): number | null {
  if (failures >= policy.attempts || !policy.on.includes(code)) return null;
  return Math.min(policy.maxDelayMs ?? 60_000, (policy.delayMs ?? 1000) * 2 ** (failures - 1));
}
