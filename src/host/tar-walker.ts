/** Walks over the headers of a tar stream as it passes; npm `tar` reads the headers, the bodies are only counted. */
import { Header } from 'tar';
import type { TarEntry, TarEntryType } from '../model/tar-safety.ts';

const blockBytes = 512;
/** Names and attributes of one entry. */
const mostMetaBytes = 16 * 1024 * 1024;

const types: Readonly<Record<string, TarEntryType | undefined>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  D: 'directory',
  '6': 'fifo',
};

interface Names {
  path?: string;
  target?: string;
  size?: number;
}

export class TarWalker {
  readonly #onEntry: (entry: TarEntry) => void;
  #rest: Buffer = Buffer.alloc(0);
  #skip = 0;
  /** What follows is about the next entry, or about all: its kind, its size and what came of it. */
  #meta: { readonly kind: string; missing: number; readonly parts: Buffer[] } | null = null;
  #padding = 0;
  /** Blocks of a sparse map follow the header. */
  #sparseMap = false;
  #pendingSize = 0;
  #next: Names = {};
  #global: Names = {};
  #zeroBlocks = 0;
  #bytes = 0;

  constructor(onEntry: (entry: TarEntry) => void) {
    this.#onEntry = onEntry;
  }

  /** That passed so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why the stream is no whole archive; null when it is. To be asked at its end. */
  get problem(): string | null {
    if (this.#zeroBlocks > 0) return null;
    if (this.#bytes === 0) return 'it is empty';
    return 'it ends in the middle';
  }

  /** Throws what `onEntry` throws, and TypeError for what is no tar archive. */
  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#isEnded) return;
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (data.length > 0 && !this.#isEnded) {
      const used = this.#take(data);
      if (used === 0) break;
      data = data.subarray(used);
    }
    this.#rest = this.#isEnded ? Buffer.alloc(0) : Buffer.from(data);
  }

  get #isEnded(): boolean {
    return this.#zeroBlocks >= 2;
  }

  /** How many of the bytes are dealt with; 0 when more are needed. */
  #take(data: Buffer): number {
    if (this.#skip > 0) {
      const used = Math.min(this.#skip, data.length);
      this.#skip -= used;
      return used;
    }
    if (this.#meta !== null) return this.#takeMeta(this.#meta, data);
    if (data.length < blockBytes) return 0;
    if (this.#sparseMap) this.#takeSparseMap(data);
    else this.#takeHeader(data);
    return blockBytes;
  }

  #takeMeta(meta: { readonly kind: string; missing: number; readonly parts: Buffer[] }, data: Buffer): number {
    const used = Math.min(meta.missing, data.length);
    meta.parts.push(Buffer.from(data.subarray(0, used)));
    meta.missing -= used;
    if (meta.missing > 0) return used;
    this.#meta = null;
    this.#skip = this.#padding;
    const content = Buffer.concat(meta.parts);
    const text = content.toString('utf8').replace(/\0[\s\S]*$/u, '');
    if (meta.kind === 'L') this.#next.path = text;
    else if (meta.kind === 'K') this.#next.target = text;
    else if (meta.kind === 'g') this.#global = { ...this.#global, ...paxNames(content) };
    else this.#next = { ...this.#next, ...paxNames(content) };
    return used;
  }

  #takeSparseMap(data: Buffer): void {
    // GNU's old form: 21 pairs of numbers, then a byte that says whether another block follows.
    if (data[504] !== 0) return;
    this.#sparseMap = false;
    this.#skip = this.#pendingSize;
  }

  #takeHeader(data: Buffer): void {
    const header = new Header(data.subarray(0, blockBytes), 0);
    if (header.nullBlock) {
      this.#zeroBlocks += 1;
      return;
    }
    this.#zeroBlocks = 0;
    if (!header.cksumValid) throw new TypeError('it has a header with a wrong checksum');
    const kind = String.fromCharCode(data[156] ?? 0);
    const size = sizeIn(data);
    if (['L', 'K', 'x', 'X', 'g'].includes(kind)) {
      if (size > mostMetaBytes) throw new TypeError('the name or the attributes of an entry are too long');
      this.#padding = paddingOf(size);
      this.#meta = size === 0 ? null : { kind, missing: size, parts: [] };
      return;
    }
    const names = { ...this.#global, ...this.#next };
    this.#next = {};
    // GNU tar's rule: a hard link has no body, whatever its size says.
    const bodyBytes = kind === '1' ? 0 : (names.size ?? size);
    const path = names.path ?? header.path ?? '';
    const isOldDirectory = (kind === '0' || kind === '\0') && path.endsWith('/');
    const type = isOldDirectory ? 'directory' : (types[kind] ?? 'other');
    const isLink = type === 'symlink' || type === 'hardlink';
    const target = isLink ? (names.target ?? header.linkpath ?? '') : '';
    this.#onEntry({ path, type, target });
    this.#pendingSize = bodyBytes + paddingOf(bodyBytes);
    this.#sparseMap = kind === 'S' && data[482] !== 0;
    if (!this.#sparseMap) this.#skip = this.#pendingSize;
  }
}

/**
 * npm `tar` takes a file whose name ends in '/' for a directory without a body. GNU's short form of a long name may end
 * there, too, and then a body follows. Octal digits, or a number to the base 256 (GNU), which begins with 0x80.
 */
function sizeIn(block: Buffer): number {
  const field = block.subarray(124, 136);
  if (field[0] === 0x80) return Number(field.readBigUInt64BE(4));
  const text = field.toString('latin1').replaceAll(/[\0 ]/gu, '');
  if (!/^[0-7]*$/u.test(text)) throw new TypeError('it has a header without a size');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** Records are taken by their lengths: a value may have line ends in it. */
function paxNames(content: Buffer): Names {
  const names: Names = {};
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(content.subarray(at, space).toString('latin1'));
    if (!Number.isInteger(length) || length <= 0 || at + length > content.length) break;
    const record = content.subarray(space + 1, at + length - 1);
    const equals = record.indexOf(0x3d);
    const key = record.subarray(0, equals).toString('utf8');
    const value = record.subarray(equals + 1).toString('utf8');
    if (key === 'path' || key === 'GNU.sparse.name') names.path = value;
    else if (key === 'linkpath') names.target = value;
    else if (key === 'size') names.size = Number(value);
    at += length;
  }
  return names;
}
