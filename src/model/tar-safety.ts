/** Judges the entries of a tar archive, one after the other, as a person would who has to unpack it as root. */

export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'device' | 'directory' | 'fifo' | 'other';

export interface TarEntry {
  /** As it stands in the archive. */
  readonly path: string;
  readonly type: TarEntryType;
  /** Of links; '' otherwise. */
  readonly target: string;
}

export interface TarLimits {
  readonly entries: number;
  readonly devices: number;
  /** Of the unpacked archive. */
  readonly bytes: number;
  /** Unpacked size to packed size; asked only above 256 MiB. */
  readonly ratio: number;
}

/** More than any root file system needs, and less than what fills a disk unnoticed. */
export const usualTarLimits: TarLimits = {
  entries: 5_000_000,
  devices: 5000,
  bytes: 200 * 1024 ** 3,
  ratio: 200,
};

export class TarSafety {
  /** Where each symlink leads. */
  readonly #symlinks = new Map<string, string>();
  readonly #limits: TarLimits;
  /** Where the last entry was: entries of one directory follow each other. Null when a symlink has come or gone since. */
  #lastSafe: string | null = null;
  #entries = 0;
  #devices = 0;

  constructor(limits: TarLimits) {
    this.#limits = limits;
  }

  get entries(): number {
    return this.#entries;
  }

  /** What is wrong with it, such as "it has an absolute name"; null when nothing is. */
  problemOf(entry: TarEntry): string | null {
    this.#entries += 1;
    if (entry.type === 'device') this.#devices += 1;
    const problem = this.#nameProblem(entry.path) ?? (entry.type === 'hardlink' ? this.#linkProblem(entry) : null);
    if (problem !== null) return problem;
    const name = partsOf(entry.path).join('/');
    // A later entry of the same name replaces the link.
    const isGone = this.#symlinks.delete(name);
    if (entry.type === 'symlink') this.#symlinks.set(name, entry.target);
    if (isGone || entry.type === 'symlink') this.#lastSafe = null;
    return null;
  }

  /** What is too much; null when all is within the limits. */
  excess(unpackedBytes: number, packedBytes: number): string | null {
    const { entries, devices, bytes, ratio } = this.#limits;
    if (this.#entries > entries) return `it has more than ${entries} entries`;
    if (this.#devices > devices) return `it has more than ${devices} device nodes`;
    if (unpackedBytes > bytes) return `it unpacks to more than ${bytes} bytes`;
    if (unpackedBytes > 256 * 1024 ** 2 && unpackedBytes > ratio * packedBytes)
      return `it unpacks to more than ${ratio} times its size`;
    return null;
  }

  #nameProblem(path: string): string | null {
    const directory = path.slice(0, path.lastIndexOf('/') + 1);
    if (directory === this.#lastSafe && !path.endsWith('..')) return null;
    if (path.startsWith('/')) return 'it has an absolute name';
    const parts = partsOf(path);
    if (parts.includes('..')) return "its name has '..' in it";
    const through = this.#escape(parts.slice(0, -1));
    // A name with a slash at its end stands in the directory above.
    this.#lastSafe = through === null && !path.endsWith('/') ? directory : null;
    return through === null ? null : `it would be written through the symlink ${through}, which leads out of the tree`;
  }

  #linkProblem({ target }: TarEntry): string | null {
    if (target.startsWith('/') || partsOf(target).includes('..')) return `it is a hard link to ${target}`;
    const through = this.#escape(partsOf(target).slice(0, -1));
    return through === null ? null : `it is a hard link through the symlink ${through}, which leads out of the tree`;
  }

  /** The first symlink on the way that leads out; null when the way stays inside. */
  #escape(parts: readonly string[]): string | null {
    let pending = [...parts];
    let done: string[] = [];
    for (let links = 0; pending.length > 0;) {
      const [part = '', ...rest] = pending;
      pending = rest;
      if (part === '..') {
        done = done.slice(0, -1);
        continue;
      }
      done = [...done, part];
      const target = this.#symlinks.get(done.join('/'));
      if (target === undefined) continue;
      links += 1;
      const up = partsOf(target).findIndex((_, index, all) => depthOf(all.slice(0, index + 1)) < -(done.length - 1));
      if (target.startsWith('/') || up >= 0 || links > 40) return done.join('/');
      pending = [...partsOf(target), ...pending];
      done = done.slice(0, -1);
    }
    return null;
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** How far below the start a way ends; negative when it ends above. */
function depthOf(parts: readonly string[]): number {
  return parts.reduce((depth, part) => depth + (part === '..' ? -1 : 1), 0);
}
