/** What a step makes of something that cannot be had and need not be. */
import { MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { Context } from '../define-step.ts';

/** The archive, the network, or what they sent: no fault of this host, and none of the caller. */
const outsideExits: readonly number[] = [7, 8];
const outsideCodes: readonly string[] = ['MSP_ARCHIVE_LACKS'];

/** Gives `none` with a warning where `work` fails for a cause outside; whatever else it throws is thrown. */
export async function whenOptional<T>(
  { log, signal }: Pick<Context, 'log' | 'signal'>,
  isOptional: boolean,
  none: T,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOptional || signal.aborted || !MachinespawnError.is(error)) throw error;
    if (!outsideExits.includes(error.exitCode) && !outsideCodes.includes(error.code)) throw error;
    log.warn(`done without: ${error.message}`);
    return none;
  }
}
