import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { errnoCode, unreadable } from './file-error.ts';

/** As many as the kernel follows. */
const mostSymlinks = 40;

async function look(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return null;
    throw unreadable(path, error);
  }
}

/**
 * The host's path of a path inside the root file system at `root`, as a program chrooted into it would see it: absolute
 * symlinks start at `root`, and ".." stops there. What does not exist is taken literally.
 * Nothing else may change the tree meanwhile: it is a snapshot of ours in which no program runs.
 * Throws MSP_FILE_UNREADABLE for a loop of symlinks.
 */
export async function resolveInside(
  root: string,
  path: string,
  options: { readonly followLast: boolean },
): Promise<string> {
  const ahead = path.split('/').toReversed();
  let behind: string[] = [];
  let symlinks = 0;
  while (ahead.length > 0) {
    const name = ahead.pop();
    if (!name || name === '.') continue;
    if (name === '..') {
      behind.pop();
      continue;
    }
    const isLast = ahead.every((rest) => rest === '' || rest === '.');
    const here = join(root, ...behind, name);
    const stats = isLast && !options.followLast ? null : await look(here);
    if (stats?.isSymbolicLink() !== true) {
      behind.push(name);
      continue;
    }
    symlinks += 1;
    if (symlinks > mostSymlinks)
      throw fail('MSP_FILE_UNREADABLE', { path: join(root, path), problem: 'its symlinks form a loop' });
    const target = await readlink(here);
    if (target.startsWith('/')) behind = [];
    ahead.push(...target.split('/').toReversed());
  }
  return join(root, ...behind);
}
