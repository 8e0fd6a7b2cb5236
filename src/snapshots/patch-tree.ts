import { linkSync, lstatSync, mkdirSync, type Stats, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { copyDirectoryAttributes } from './copy-directory-attributes.ts';
import { copyEntries } from './copy-tree.ts';
import type { LayerChanges } from './layer-changes.ts';
import type { RunTool } from './run-tool.ts';

const entriesBetweenBreaths = 200;

export interface PatchOptions {
  /** Files are hard links to those of the layers, where overlayfs left no note on them; else they are copies. */
  readonly link: boolean;
}

/**
 * Makes `target`, a copy of a stack's whole layer, a copy of `source`, which shows the stack. Nobody else may write to
 * either. Not synced; on failure `target` is of no use.
 */
export async function patchTree(
  source: string,
  target: string,
  changes: LayerChanges,
  run: RunTool,
  { link }: PatchOptions,
): Promise<void> {
  const plan = await planPatch(source, target, changes);
  if (plan.trees.length > 0) {
    const doomed = plan.trees.map((path) => join(target, path));
    await run('rm', ['-rf', '--one-file-system', '--', ...doomed]);
  }
  for (const path of plan.gone) unlinkSync(join(target, path));
  for (const path of plan.newDirectories) mkdirSync(join(target, path), 0o700);
  const copies = plan.files.filter((path) => !(link && tryLink(changes.ownerOf(path), join(target, path))));
  await copyEntries(copies, source, target, run);
  await copyDirectoryAttributes(source, target, ['.', ...plan.directories.map((path) => `./${path}`)], run);
}

interface Patch {
  /** Trees and other entries of the target that have to go. */
  readonly trees: string[];
  readonly gone: string[];
  /** Of the source; parents first. */
  readonly directories: string[];
  readonly newDirectories: string[];
  readonly files: string[];
}

async function planPatch(source: string, target: string, { paths, opaque }: LayerChanges): Promise<Patch> {
  const plan: Patch = { trees: [], gone: [], directories: [], newDirectories: [], files: [] };
  const real = new Set(['.']);
  const fresh = new Set<string>();
  let done = 0;
  for (const path of paths) {
    done += 1;
    if (done % entriesBetweenBreaths === 0) await breathe();
    const parent = dirname(path);
    // What an older layer has below an entry that is no directory any more.
    if (!real.has(parent)) continue;
    const wanted = look(join(source, path));
    const found = fresh.has(parent) ? undefined : look(join(target, path));
    const isKept = wanted?.isDirectory() === true && found?.isDirectory() === true && !opaque.has(path);
    if (found !== undefined && !isKept) (found.isDirectory() ? plan.trees : plan.gone).push(path);
    if (wanted === undefined) continue;
    if (!wanted.isDirectory()) {
      plan.files.push(path);
      continue;
    }
    real.add(path);
    plan.directories.push(path);
    if (isKept) continue;
    fresh.add(path);
    plan.newDirectories.push(path);
  }
  return plan;
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function tryLink(from: string | null, to: string): boolean {
  if (from === null) return false;
  try {
    linkSync(from, to);
    return true;
  } catch {
    // Immutable, or with as many names as the file system allows.
    return false;
  }
}
