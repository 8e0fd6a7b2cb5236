/** Owners and modes of directories when packages are unpacked: dpkg alters none that is there, tar does. */
import { decodeName } from './file-name.ts';
import { mergedPath } from './merged-usr.ts';

/** Of one directory. */
export interface DirectoryAttributes {
  /** Permissions, with setuid, setgid and the sticky bit. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What nearly all directories have. */
const usual: DirectoryAttributes = { mode: 0o755, uid: 0, gid: 0 };

/** Do two directories have the same mode, owner and group? */
export function isSameDirectory(one: DirectoryAttributes, other: DirectoryAttributes): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

/** Is it 0755 and root's? Such ones are not kept with a package. */
export function isUsualDirectory(attributes: DirectoryAttributes): boolean {
  return isSameDirectory(attributes, usual);
}

/** For `find -printf`, from inside the tree. */
export const directoryFormat = String.raw`%m %U %G %P\0`;

/** What find prints in that format; by path, "/" being the tree itself. */
export function parseDirectories(listing: Uint8Array): ReadonlyMap<string, DirectoryAttributes> {
  const directories = new Map<string, DirectoryAttributes>();
  for (const line of decodeName(listing).split('\0')) {
    const [, mode, uid, gid, path] = /^(\d+) (\d+) (\d+) ([^]*)$/u.exec(line) ?? [];
    if (mode === undefined) continue;
    directories.set(`/${path}`, { mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) });
  }
  return directories;
}

/** A package that was unpacked, as the data member has it: directories end in a slash, but for "/.". */
export interface PackageDirectories {
  readonly paths: readonly string[] | null;
  /** By path, without the slash: those that are not the usual ones. */
  readonly directories: Readonly<Record<string, DirectoryAttributes>>;
}

/**
 * What directories should have that may have been altered: what was there before stays as it was, a new one is as the first
 * package has it.
 * @param packages in dpkg's order
 */
export function dueAttributes(
  before: ReadonlyMap<string, DirectoryAttributes>,
  packages: readonly PackageDirectories[],
): ReadonlyMap<string, DirectoryAttributes> {
  const due = new Map([...before].filter(([, attributes]) => !isUsualDirectory(attributes)));
  const odd = new Set(packages.flatMap(({ directories }) => Object.keys(directories).map(placeOf)));
  for (const place of odd) {
    const known = before.get(place);
    if (known !== undefined) due.set(place, known);
  }
  const fresh = new Set([...odd].filter((place) => !before.has(place)));
  for (const { paths, directories } of fresh.size === 0 ? [] : packages) {
    for (const path of (paths ?? []).filter((one) => one.endsWith('/'))) {
      const plain = path.slice(0, -1);
      const place = placeOf(plain);
      if (fresh.delete(place)) due.set(place, directories[plain] ?? usual);
    }
  }
  return due;
}

function placeOf(path: string): string {
  return path === '/.' ? '/' : mergedPath(path);
}
