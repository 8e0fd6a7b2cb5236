import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isSubvolume, subvolumeInode } from '../host/subvolume.ts';
import type { RunTool } from './run-tool.ts';

/** Subvolumes strictly below `path`, the deepest first; paths that are no UTF-8 cannot be told and are left out. */
async function listSubvolumes(path: string, run: RunTool): Promise<readonly string[]> {
  const args = ['.', '-mindepth', '1', '-type', 'd', '-inum', String(subvolumeInode), '-print0'];
  const { stdout } = await run('find', args, { cwd: path });
  const found = stdout.split('\0').filter((line) => line !== '');
  return found.map((line) => join(path, line)).toSorted((one, other) => depth(other) - depth(one));
}

function depth(path: string): number {
  return path.split('/').length;
}

/** Deletes the subvolumes in `path`, and `path` when it is one. No mount may be below. */
export async function deleteSubvolumes(path: string, run: RunTool): Promise<void> {
  const deepestFirst = [...(await listSubvolumes(path, run)), ...((await isSubvolume(path)) ? [path] : [])];
  // Nothing can be taken out of a subvolume that is read-only.
  for (const subvolume of deepestFirst) await setReadOnly(subvolume, false, run);
  for (const subvolume of deepestFirst) await run('btrfs', ['subvolume', 'delete', subvolume]);
}

export async function setReadOnly(subvolume: string, readOnly: boolean, run: RunTool): Promise<void> {
  await run('btrfs', ['property', 'set', '-t', 'subvol', subvolume, 'ro', String(readOnly)]);
}

/** Makes plain directories of the subvolumes below `path`: a snapshot would leave them out. */
export async function flattenSubvolumes(path: string, run: RunTool): Promise<void> {
  for (const subvolume of await listSubvolumes(path, run)) {
    // Beside it: a rename cannot leave the subvolume that it is in.
    const scratch = `${subvolume}.machinespawn-flat`;
    await run('cp', ['-a', '--reflink=auto', '-x', '-T', '--', subvolume, scratch]);
    await deleteSubvolumes(subvolume, run);
    await rename(scratch, subvolume);
  }
}
