import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { RunTool } from './run-tool.ts';

/** What the upper layers of a stack have to say about the one that is whole. */
export interface LayerChanges {
  /** Relative paths of all that an upper layer has, be it a note that something is gone; parents before children. */
  readonly paths: readonly string[];
  /**
   * Absolute path of the entry that is seen, in its layer; null where overlayfs may have left a note on it. Of few changes
   * that is not asked: they are copied in less time.
   */
  ownerOf(path: string): string | null;
}

const fewChanges = 600;

/** `uppers`: newest first. Null when names cannot be told as text. */
export async function readLayerChanges(uppers: readonly string[], run: RunTool): Promise<LayerChanges | null> {
  const own = uppers.map(listPaths);
  const paths = [...new Set(own.flatMap((entries) => [...entries]))].toSorted();
  if (paths.some((path) => path.includes('\uFFFD'))) return null;
  if (paths.length <= fewChanges) return { paths, ownerOf: () => null };
  const noted = await findNoted(uppers, run);
  if (noted === null) return null;
  return {
    paths,
    ownerOf: (path) => {
      const layer = uppers[own.findIndex((entries) => entries.has(path))];
      return layer === undefined || noted.has(join(layer, path)) ? null : join(layer, path);
    },
  };
}

function listPaths(directory: string): ReadonlySet<string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return new Set(entries.map(({ parentPath, name }) => relative(directory, join(parentPath, name))));
}

/** Absolute paths of entries on which overlayfs left extended attributes; null when one is not told as it is. */
async function findNoted(layers: readonly string[], run: RunTool): Promise<ReadonlySet<string> | null> {
  const args = ['-R', '-P', '-h', '--absolute-names', '-m', String.raw`^trusted\.overlay\.`, '--', ...layers];
  const { stdout } = await run('getfattr', args);
  const paths = stdout.split('\n').flatMap((line) => (line.startsWith('# file: ') ? [line.slice(8)] : []));
  // It writes special characters as octal numbers.
  return paths.some((path) => path.includes('\\')) ? null : new Set(paths);
}
