import { randomBytes } from 'node:crypto';
import { lstat, rename, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { btrfsMagic } from '../host/subvolume.ts';
import { refuseMounts } from './mount-table.ts';
import { isMissing, pathExists } from './path-exists.ts';
import { deleteSubvolumes } from './subvolumes.ts';
import type { RunTool } from './run-tool.ts';

/**
 * Removes a file or a tree, on its own file system only; nothing when there is nothing. The tree first leaves its
 * name for `trash` (a directory on the same file system; by default beside it), so no half of it ever has that name.
 * Throws MSP_TREE_HAS_MOUNTS.
 */
export async function removeTree(path: string, run: RunTool, trash: string = dirname(path)): Promise<void> {
  if (!(await pathExists(path))) return;
  if ((await lstat(path)).isDirectory()) await refuseMounts(path, { itself: true });
  const moved = join(trash, `.#machinespawn-trash-${randomBytes(8).toString('hex')}`);
  await moveAway(path, moved, run);
  await removeTrash(moved, run);
}

/** Removes what already lies under a trash name. */
export async function removeTrash(path: string, run: RunTool): Promise<void> {
  if (!(await pathExists(path))) return;
  if ((await lstat(path)).isDirectory()) {
    await refuseMounts(path, { itself: true });
    if ((await statfs(path)).type === btrfsMagic) await deleteSubvolumes(path, run);
  }
  try {
    await run('rm', ['-rf', '--one-file-system', '--', path]);
  } catch {
    // Flags cannot be set on everything, so chattr may fail and yet have done its work; rm has the last word.
    await run('chattr', ['-R', '-f', '-i', '-a', '--', path]).catch(() => undefined);
    await run('rm', ['-rf', '--one-file-system', '--', path]);
  }
}

async function moveAway(path: string, moved: string, run: RunTool): Promise<void> {
  try {
    await rename(path, moved);
  } catch (error) {
    if (isMissing(error)) return;
    // A directory that must not be changed cannot be renamed either.
    await run('chattr', ['-i', '-a', '--', path]).catch(() => undefined);
    await rename(path, moved);
  }
}
