import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { LayerChanges } from './layer-changes.ts';

const pathsBetweenBreaths = 500;

/** Relative paths. */
export interface PatchPlan {
  /** What of the target has to go, with all that is below. */
  readonly doomed: readonly string[];
  /** Directories to be made once that is gone; parents first. */
  readonly newDirectories: readonly string[];
  /** What else the target takes from the source, in the place of what it may have there. */
  readonly files: readonly string[];
  /** All directories whose attributes may have changed. */
  readonly directories: readonly string[];
}

/**
 * What makes `target`, a copy of a stack's whole layer, one of `source`, which shows the stack. Throws a TypeError when a
 * name that matters is no text.
 */
export async function planPatch(source: string, target: string, { paths }: LayerChanges): Promise<PatchPlan> {
  const doomed = vanishedOf(source, target, '');
  const newDirectories: string[] = [];
  const files: string[] = [];
  const directories: string[] = [];
  const [real, fresh] = [new Set(['.']), new Set<string>()];
  for (const [at, path] of paths.entries()) {
    if (at % pathsBetweenBreaths === pathsBetweenBreaths - 1) await breathe();
    const parent = dirname(path);
    // Below what is no directory any more an older layer may still have something.
    if (!real.has(parent)) continue;
    const wanted = look(join(source, path));
    if (wanted === undefined) continue;
    const found = fresh.has(parent) ? undefined : look(join(target, path));
    const isKept = found?.isDirectory() === wanted.isDirectory();
    if (found !== undefined && !isKept) doomed.push(path);
    if (!wanted.isDirectory()) {
      files.push(path);
      continue;
    }
    real.add(path);
    directories.push(path);
    // A directory that hides the one below it shows less than that.
    if (isKept) doomed.push(...vanishedOf(source, target, path));
    else {
      fresh.add(path);
      newDirectories.push(path);
    }
  }
  return { doomed, newDirectories, files, directories };
}

/** What a directory of the target has and that of the source has not. */
function vanishedOf(source: string, target: string, path: string): string[] {
  const kept = new Set(namesIn(join(source, path)));
  return namesIn(join(target, path)).flatMap((name) => {
    if (kept.has(name)) return [];
    const text = Buffer.from(name, 'latin1').toString();
    if (text.includes('\uFFFD')) throw new TypeError(`a name in ${path} cannot be told as text`);
    return [join(path, text)];
  });
}

/** Byte by byte: names need not be text. */
function namesIn(directory: string): readonly string[] {
  return readdirSync(directory, 'latin1');
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
