import { join } from 'node:path';
import type { RunTool } from './run-tool.ts';

/** What the upper layers of a stack have to say about the one that is whole. */
export interface LayerChanges {
  /** Relative paths of all that an upper layer has, be it a note that something is gone; parents before children. */
  readonly paths: readonly string[];
  /** Directories of which nothing is seen that the whole layer holds there. */
  readonly opaque: ReadonlySet<string>;
  /** Absolute path of the entry that is seen, in its layer; null where overlayfs left a note on it. */
  ownerOf(path: string): string | null;
}

// They become arguments of one program.
const mostChanges = 4000;

/** `uppers`: newest first. Null when names cannot be told as text, or when there are too many. */
export async function readLayerChanges(uppers: readonly string[], run: RunTool): Promise<LayerChanges | null> {
  const [notes, ...own] = await Promise.all([readNotes(uppers, run), ...uppers.map(async (at) => listPaths(at, run))]);
  if (notes === null) return null;
  const paths = [...new Set(own.flatMap((entries) => [...entries]))].toSorted();
  if (paths.length > mostChanges || paths.some((path) => path.includes('\uFFFD'))) return null;
  const isOpaque = (path: string): boolean =>
    uppers.some((upper) => notes.get(join(upper, path))?.includes('trusted.overlay.opaque') === true);
  return {
    paths,
    opaque: new Set(paths.filter(isOpaque)),
    ownerOf: (path) => {
      const layer = uppers[own.findIndex((entries) => entries.has(path))];
      return layer === undefined || notes.has(join(layer, path)) ? null : join(layer, path);
    },
  };
}

async function listPaths(directory: string, run: RunTool): Promise<ReadonlySet<string>> {
  const args = ['.', '-xdev', '-mindepth', '1', '-printf', String.raw`%P\0`];
  const { stdout } = await run('find', args, { cwd: directory });
  return new Set(stdout.split('\0').filter((path) => path !== ''));
}

/** Names of the extended attributes that overlayfs left, by absolute path; null when one is not told as it is. */
async function readNotes(
  layers: readonly string[],
  run: RunTool,
): Promise<ReadonlyMap<string, readonly string[]> | null> {
  const args = ['-R', '-P', '-h', '--absolute-names', '-m', String.raw`^trusted\.overlay\.`, '--', ...layers];
  const { stdout } = await run('getfattr', args);
  const notes = new Map<string, readonly string[]>();
  for (const block of stdout.split('\n\n')) {
    const [head = '', ...names] = block.split('\n');
    if (head.startsWith('# file: ')) notes.set(head.slice(8), names);
  }
  // It writes special characters as octal numbers.
  return [...notes.keys()].some((path) => path.includes('\\')) ? null : notes;
}
