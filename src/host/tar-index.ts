/**
 * Reads what GNU tar tells of the entries that it unpacks: the list of `-vvR --quoting-style=c --numeric-owner`, in which
 * no name can be taken for anything else. So what is judged is what tar itself understood, and no byte of the files
 * passes through this process.
 */
import type { TarEntry, TarEntryType } from '../model/tar-safety.ts';

const blockBytes = 512;

const types: Readonly<Record<string, TarEntryType | undefined>> = {
  '-': 'file',
  C: 'file',
  h: 'hardlink',
  l: 'symlink',
  c: 'device',
  b: 'device',
  d: 'directory',
  p: 'fifo',
};

/** Such as `block 8: hrw-r--r-- 0/0               0 2026-11-23 07:42 "a/hl" link to "a/x"`. */
const entryLine =
  /^block (\d+): (\S)\S{9,11} +-?\d+\/-?\d+ [^"]*"((?:[^"\\]|\\.)*)"(?: (?:->|link to) "((?:[^"\\]|\\.)*)")?/u;
/** Not of entries: the end, and directories that no entry made. */
const noteLine = /^block (\d+): (?:(?:block \d+: )?\*\* .*|.* Creating directory: .*)?$/u;
const nullLine = '** Block of NULs **';

export class TarIndex {
  readonly #onEntry: (entry: TarEntry) => void;
  #blocks = 0;
  #isEnded = false;

  /** Names are told as tar quotes them: control characters and bytes that are no UTF-8 stand as escapes. */
  constructor(onEntry: (entry: TarEntry) => void) {
    this.#onEntry = onEntry;
  }

  /** Where in the archive the last entry begins. */
  get bytes(): number {
    return this.#blocks * blockBytes;
  }

  /** Why the archive is not whole, of which GNU tar says nothing; null when it is. To be asked at its end. */
  get problem(): string | null {
    if (this.#isEnded) return null;
    return this.#blocks === 0 ? 'it is empty' : 'it ends in the middle';
  }

  /** Throws what `onEntry` throws, and TypeError for what no tar that we know writes. */
  read(line: string): void {
    if (!line.startsWith('block ')) return;
    const entry = entryLine.exec(line);
    const [, block] = entry ?? noteLine.exec(line) ?? [];
    if (block === undefined)
      throw new TypeError(`tar tells of an entry in a way that is not understood: ${line.slice(0, 200)}`);
    this.#blocks = Math.max(this.#blocks, Number(block));
    if (entry === null) {
      this.#isEnded ||= line.endsWith(nullLine);
      return;
    }
    const [, , kind = '', path = '', target = ''] = entry;
    this.#onEntry({ path, type: types[kind] ?? 'other', target });
  }
}
