import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface Mount {
  readonly path: string;
  /** Directory of the file system that is mounted, such as "/" or a subvolume. */
  readonly root: string;
  /** Major and minor number, such as "254:0"; equal for all mounts and all subvolumes of one file system. */
  readonly device: string;
  readonly fsType: string;
  readonly source: string;
  readonly options: readonly string[];
}

// The kernel escapes blanks, backslashes and #, all of them ASCII.
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/gu, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Reads the text of /proc/self/mountinfo: proc(5). Lines that are not of that form are left out. */
export function parseMountInfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const words = line.split(' ');
    const separator = words.indexOf('-', 6);
    const [, , device, root, path, options] = words;
    const [fsType, source] = words.slice(separator + 1);
    if (separator < 0 || !device || !root || !path || !options || !fsType || source === undefined) return [];
    return [
      {
        path: unescape(path),
        root: unescape(root),
        device,
        fsType,
        source: unescape(source),
        options: options.split(','),
      },
    ];
  });
}

/** Mount points at `path` and below it, deepest first: the order in which they can be unmounted. */
export function mountsWithin(mounts: readonly Mount[], path: string): readonly string[] {
  const below = path.endsWith('/') ? path : `${path}/`;
  return mounts
    .map((mount) => mount.path)
    .filter((point) => point === path || point.startsWith(below))
    .toSorted((a, b) => b.split('/').length - a.split('/').length || (a < b ? 1 : -1));
}

/** The mounts that this process sees; later ones come later. */
export async function readMounts(): Promise<readonly Mount[]> {
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** What `mountsWithin` tells of the mounts that this process sees. A last symlink is not followed. */
export async function findMountsWithin(path: string): Promise<readonly string[]> {
  const parent = await realpath(dirname(path)).catch(() => dirname(path));
  return mountsWithin(await readMounts(), join(parent, basename(path)));
}
