import { getSystemErrorMessage } from 'node:util';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';

export function errnoCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** Words for a system error without Node's "ENOENT: …, open '…'" around them. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? error.message : getSystemErrorMessage(errno);
}

export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(errnoCode(error) ?? '');

/** MSP_DISK_FULL or MSP_FILE_UNWRITABLE; an error of ours stays as it is. */
export function unwritable(path: string, error: unknown): MachinespawnError {
  if (MachinespawnError.is(error)) return error;
  if (isFull(error)) return fail('MSP_DISK_FULL', { path }, error);
  return fail('MSP_FILE_UNWRITABLE', { path, problem: problemOf(error) }, error);
}

/** MSP_FILE_UNREADABLE; an error of ours stays as it is. */
export function unreadable(path: string, error: unknown): MachinespawnError {
  if (MachinespawnError.is(error)) return error;
  return fail('MSP_FILE_UNREADABLE', { path, problem: problemOf(error) }, error);
}
