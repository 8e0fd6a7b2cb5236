import { rename } from 'node:fs/promises';
import { copyFlags, copyTree } from './copy-tree.ts';
import { type LayerChanges, readLayerChanges } from './layer-changes.ts';
import { patchTree } from './patch-tree.ts';
import { removeTree } from './remove-tree.ts';
import type { RunTool } from './run-tool.ts';

/** The directories of `source` (of its own file system only) anew as `target`, which holds hard links to its files. */
export async function makeLinks(source: string, target: string, run: RunTool, signal?: AbortSignal): Promise<void> {
  await run('cp', [...copyFlags, '--link', '-T', '--', source, target], signal === undefined ? {} : { signal });
}

/**
 * The tree that an overlay shows at `merged`, as the new directory `target` on the file system of its layers (newest
 * first): its files are hard links to theirs, which nobody writes to any more. No data is written but for the few files
 * on which overlayfs left a note. Where links cannot do it, it is a copy. Not synced.
 * `begun`: links to the lowest layer that were made ahead; they are used up.
 * Gives what the upper layers had to say; null for a copy.
 */
export async function linkTree(
  merged: string,
  layers: readonly string[],
  target: string,
  run: RunTool,
  begun: string | null = null,
): Promise<LayerChanges | null> {
  const [whole, uppers] = [layers.at(-1), layers.slice(0, -1)];
  if (whole === undefined) throw new TypeError('an overlay has at least one layer');
  const made = begun === null ? makeLinks(whole, target, run) : rename(begun, target);
  // Both have to have ended before anything is removed.
  const [links, read] = await Promise.allSettled([made, readLayerChanges(uppers, run)]);
  if (links.status === 'fulfilled' && read.status === 'fulfilled' && read.value !== null) {
    try {
      await patchTree(merged, target, read.value, run, { link: true });
      return read.value;
    } catch {
      // What speaks against it, such as a full disk, speaks against a copy, too, and better.
    }
  }
  await removeTree(target, run);
  await copyTree(merged, target, run);
  return null;
}
