/** What a busy server asks for: RFC 9110, 10.2.3. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import type { FileResponse } from './http-request.ts';

/** Nobody waits longer for a server that may have forgotten us. */
const mostMs = 60_000;

/** MSP_HTTP_STATUS, with the time that the server wants to be left alone. */
export function statusFailure(response: FileResponse): MachinespawnError {
  const { url, status } = response;
  const afterMs = status === 429 || status === 503 ? retryAfterMs(response.header('retry-after'), Date.now()) : null;
  return fail('MSP_HTTP_STATUS', { url, status, ...(afterMs !== null && { afterMs }) });
}

/** For p-retry: it waits for this before its own delay. */
export async function waitAsTold(
  { error, retriesLeft }: { readonly error: unknown; readonly retriesLeft: number },
  signal: AbortSignal,
): Promise<void> {
  const afterMs = MachinespawnError.is(error) ? error.data['afterMs'] : undefined;
  if (typeof afterMs === 'number' && retriesLeft > 0) await sleep(afterMs, undefined, { signal });
}

/** Seconds or a date; null for anything else. At most a minute. */
export function retryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const ms = /^\d+$/u.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(mostMs, Math.max(0, ms));
}
