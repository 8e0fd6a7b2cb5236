/** A pretended computer: a directory that plays `/`, with what it answers. */
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from '../host/services.ts';
import { insideRoot } from './inside-root.ts';
import { copyTree, listTree, removeTree } from './tree-files.ts';

/** A file's text; null for a directory. */
export type FileSpec =
  string | Buffer | null | { readonly link: string } | { readonly text: string | Buffer; readonly mode: number };

export const directories = {
  machines: '/var/lib/machines',
  cache: '/var/cache/machinespawn',
  packages: '/var/cache/machinespawn/packages',
  state: '/var/lib/machinespawn',
  scratch: '/var/lib/machinespawn/scratch',
  /** Committed trees, by their reference. */
  trees: '/var/cache/machinespawn/trees',
  /** Files that steps have kept, by their digest. */
  artifacts: '/var/cache/machinespawn/artifacts',
  /** Trees that are being made. */
  work: '/var/cache/machinespawn/work',
} as const;

/** In memory where there is such a place: a step is tried some hundred times. */
function base(): string {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

export class World {
  /** Real path of the directory that plays `/`. */
  readonly root: string;
  /** Commands that were started, in order. */
  readonly commands: Pick<Command, 'file' | 'args' | 'env' | 'stdin' | 'binds'>[] = [];
  /** Locks that were taken, in order. */
  readonly locks: string[] = [];
  /** References of the trees that steps have made, in order. */
  readonly committed: string[] = [];
  /** What the step told the log, level first. */
  readonly logged: string[] = [];
  #trees = 0;

  private constructor(root: string) {
    this.root = root;
  }

  static create(): World {
    const world = new World(mkdtempSync(join(base(), 'machinespawn-step-')));
    for (const directory of Object.values(directories)) mkdirSync(join(world.root, directory), { recursive: true });
    mkdirSync(join(world.root, 'tmp'));
    return world;
  }

  copy(): World {
    const parent = mkdtempSync(join(base(), 'machinespawn-step-'));
    copyTree(this.root, join(parent, 'root'));
    const copy = new World(join(parent, 'root'));
    copy.#trees = this.#trees;
    return copy;
  }

  destroy(): void {
    removeTree(this.root.endsWith('/root') ? dirname(this.root) : this.root);
  }

  /** Real path of a path of the pretended computer; a last symlink is followed. */
  real(path: string): string {
    return insideRoot(this.root, path, true);
  }

  /** Puts files there, by path, with their parents. */
  put(files: Readonly<Record<string, FileSpec>>, below = ''): void {
    for (const [path, spec] of Object.entries(files)) this.#putOne(`${below}${path}`, spec);
  }

  /** Makes a committed tree of these files and gives its reference. */
  tree(files: Readonly<Record<string, FileSpec>>): string {
    this.#trees += 1;
    const ref = `${this.#trees}`.padStart(64, '0');
    this.put({ '/': null, ...files }, `${directories.trees}/${ref}`);
    return ref;
  }

  /** Removes what is there, as `rm -rf` does. */
  remove(path: string): void {
    removeTree(insideRoot(this.root, path, false));
  }

  /** Text of a file, or null. */
  read(path: string): string | null {
    const real = insideRoot(this.root, path, true);
    return lstatSync(real, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(real, 'utf8') : null;
  }

  /** Is something there? A symlink counts without its target. */
  has(path: string): boolean {
    return lstatSync(insideRoot(this.root, path, false), { throwIfNoEntry: false }) !== undefined;
  }

  /** Everything that is there and stays there: no scratch, no tree that is being made. */
  listing(): Map<string, string> {
    const passing = [directories.scratch, directories.work];
    return new Map([...listTree(this.root)].filter(([path]) => !passing.some((place) => path.startsWith(place))));
  }

  #putOne(path: string, spec: FileSpec): void {
    const real = insideRoot(this.root, path, false);
    mkdirSync(spec === null ? real : dirname(real), { recursive: true });
    if (spec === null) return;
    if (typeof spec === 'string' || Buffer.isBuffer(spec)) {
      writeFileSync(real, spec);
    } else if ('link' in spec) {
      symlinkSync(spec.link, real);
    } else {
      writeFileSync(real, spec.text);
      chmodSync(real, spec.mode);
    }
  }
}
