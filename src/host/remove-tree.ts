import { access, constants, lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { errnoCode, unwritable } from './file-error.ts';
import { findMountsWithin } from './mounts.ts';
import type { RunProgram } from './run-program.ts';
import { isSubvolume, subvolumeInode } from './subvolume.ts';

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return false;
    throw unwritable(path, error);
  }
}

/** Most scratch folders are empty, and a program for each of them would be dearer than a small step. */
async function removeEmpty(path: string): Promise<boolean> {
  return rmdir(path).then(
    () => true,
    () => false,
  );
}

const fewEntries = 64;

/** A folder of a few files needs no program either. What it leaves, for whatever reason, is for `rm`. */
async function removeFlat(path: string): Promise<boolean> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    if (entries.length > fewEntries || !entries.every((entry) => entry.isFile())) return false;
    for (const { name } of entries) await unlink(join(path, name));
  } catch {
    return false;
  }
  return removeEmpty(path);
}

/** Codes that `rm` and `chattr` may end with: whether they were of use is seen by looking. */
const anyCode = [0, 1];

async function removeOnce(run: RunProgram, path: string): Promise<string> {
  const result = await run({
    file: 'rm',
    args: ['-rf', '--one-file-system', '--', path],
    sandbox: false,
    okCodes: anyCode,
  });
  return result.stderr.trim();
}

/** Subvolumes have a device number of their own, so that `rm --one-file-system` leaves them. */
async function removeSubvolumes(run: RunProgram, path: string): Promise<void> {
  const found = await run({
    file: 'find',
    args: [path, '-xdev', '-mindepth', '1', '-type', 'd', '-inum', String(subvolumeInode), '-print0'],
    sandbox: false,
    okCodes: anyCode,
  });
  for (const directory of found.stdout.split('\0').filter(Boolean)) {
    const parent = await lstat(directory.slice(0, directory.lastIndexOf('/')));
    if ((await lstat(directory)).dev !== parent.dev) await removeTree(run, directory);
  }
}

/** A subvolume that is read-only (btrfs-subvolume(8)): nothing in it can be removed before it is not. */
async function isClosedSubvolume(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK);
    return false;
  } catch (error) {
    return errnoCode(error) === 'EROFS' && (await isSubvolume(path));
  }
}

/**
 * Removes a file or tree, on one file system only, immutable files, nested subvolumes and read-only ones too.
 * Throws MSP_TREE_HAS_MOUNTS when something is mounted in it, MSP_FILE_UNWRITABLE when something stays.
 */
export async function removeTree(run: RunProgram, path: string): Promise<void> {
  if ((await removeEmpty(path)) || !(await exists(path))) return;
  const mounts = await findMountsWithin(path);
  if (mounts.length > 0) throw fail('MSP_TREE_HAS_MOUNTS', { path, mounts });
  if (await removeFlat(path)) return;
  await removeOnce(run, path);
  if (!(await exists(path))) return;
  if (await isClosedSubvolume(path))
    await run({ file: 'btrfs', args: ['property', 'set', '-t', 'subvol', path, 'ro', 'false'], sandbox: false });
  await run({ file: 'chattr', args: ['-R', '-f', '-i', '-a', '--', path], sandbox: false, okCodes: anyCode });
  await removeSubvolumes(run, path);
  const problem = await removeOnce(run, path);
  if (await exists(path)) throw fail('MSP_FILE_UNWRITABLE', { path, problem: problem || 'it cannot be removed' });
}
