import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';

/** The error of an aborted signal: its reason where that is an error of ours, MSP_CANCELLED otherwise. */
export function cancelled(signal: AbortSignal): MachinespawnError {
  const reason: unknown = signal.reason;
  if (MachinespawnError.is(reason)) return reason;
  const text = reason instanceof Error && reason.name !== 'AbortError' ? reason.message : 'cancelled';
  return fail('MSP_CANCELLED', { reason: typeof reason === 'string' ? reason : text }, reason);
}
