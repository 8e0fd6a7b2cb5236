import { linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { copyAllDirectoryAttributes } from './copy-directory-attributes.ts';
import { copyEntries, copyTree } from './copy-tree.ts';
import type { RunTool } from './run-tool.ts';

// As arguments of one program.
const mostCopies = 1500;
const linksBetweenBreaths = 500;

/**
 * The tree that an overlay shows at `merged`, as the new directory `target` on the file system of its layers (newest
 * first): its files are hard links to theirs, which nobody writes to any more. No data is written but for the few files
 * on which overlayfs left a note. Where links cannot do it, it is a copy. Not synced.
 */
export async function linkTree(merged: string, layers: readonly string[], target: string, run: RunTool): Promise<void> {
  const plan = await planLinks(merged, layers, run);
  if (plan === null) return copyTree(merged, target, run);
  mkdirSync(target, 0o700);
  for (const path of plan.directories) mkdirSync(join(target, path), 0o700);
  let done = 0;
  for (const [path, layer] of plan.links) {
    linkSync(join(layer, path), join(target, path));
    done += 1;
    if (done % linksBetweenBreaths === 0) await breathe();
  }
  await copyEntries(plan.copies, merged, target, run);
  await copyAllDirectoryAttributes(merged, target, run);
}

interface LinkPlan {
  readonly directories: readonly string[];
  /** Path and the layer that shows it. */
  readonly links: ReadonlyMap<string, string>;
  /** What must not be linked, as its extended attributes hold a note of overlayfs. */
  readonly copies: readonly string[];
}

/** Null when names cannot be told as text, or when most would be copied anyway. */
async function planLinks(merged: string, layers: readonly string[], run: RunTool): Promise<LinkPlan | null> {
  const [whole, uppers] = [layers.at(-1), layers.slice(0, -1)];
  // The lowest one need not be looked at: what is seen and is in no other is there, and overlayfs never wrote to it.
  const [noted, seen, ...own] = await Promise.all([
    findNoted(uppers, run),
    ...[merged, ...uppers].map(async (path) => listEntries(path, run)),
  ]);
  if (noted === null || seen === undefined || whole === undefined) return null;
  if ([...seen.keys()].some((path) => path.includes('\uFFFD'))) return null;
  const links = new Map<string, string>();
  const copies: string[] = [];
  for (const [path, type] of seen) {
    if (type === 'd') continue;
    // What hides a lower entry (a whiteout, an opaque directory) would keep the path out of the merged tree.
    const layer = uppers[own.findIndex((entries) => entries.has(path))];
    if (layer !== undefined && noted.has(join(layer, path))) copies.push(path);
    else links.set(path, layer ?? whole);
  }
  if (copies.length > mostCopies) return null;
  return { directories: [...seen].flatMap(([path, type]) => (type === 'd' ? [path] : [])), links, copies };
}

/** Types by path; a directory comes before what it holds. */
async function listEntries(directory: string, run: RunTool): Promise<ReadonlyMap<string, string>> {
  const args = ['.', '-xdev', '-mindepth', '1', '-printf', String.raw`%y%P\0`];
  const { stdout } = await run('find', args, { cwd: directory });
  const records = stdout.split('\0').filter((record) => record !== '');
  return new Map(records.map((record) => [record.slice(1), record.slice(0, 1)]));
}

/** Absolute paths of entries on which overlayfs left extended attributes; null when one is not told as it is. */
async function findNoted(layers: readonly string[], run: RunTool): Promise<ReadonlySet<string> | null> {
  const args = ['-R', '-P', '-h', '--absolute-names', '-m', String.raw`^trusted\.overlay\.`, '--', ...layers];
  const { stdout } = await run('getfattr', args);
  const paths = stdout.split('\n').flatMap((line) => (line.startsWith('# file: ') ? [line.slice(8)] : []));
  // It writes special characters as octal numbers.
  return paths.some((path) => path.includes('\\')) ? null : new Set(paths);
}
