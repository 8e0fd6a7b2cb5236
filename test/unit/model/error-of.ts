import { MachinespawnError } from '../../../src/errors/machinespawn-error.ts';

/** The foreseen error that a call throws; anything else fails the test. */
export function errorOf(call: () => unknown): MachinespawnError {
  try {
    call();
  } catch (error) {
    if (MachinespawnError.is(error)) return error;
    throw error;
  }
  throw new Error('it did not throw');
}
