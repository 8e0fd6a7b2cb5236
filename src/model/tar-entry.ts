/** The headers of a tar stream, seen in passing: ustar, GNU and pax (tar(5)). */
import { fail } from '../errors/machinespawn-error.ts';
import { decodeName } from './file-name.ts';

const blockBytes = 512;
/** Names and pax records are small; whoever says otherwise wants to fill the memory. */
const mostExtraBytes = 1024 * 1024;

export type TarEntryType = 'file' | 'link' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';

export interface TarEntry {
  /** As it stands in the archive, such as "./usr/bin/". Bytes that are no UTF-8: see decodeName. */
  readonly name: string;
  readonly type: TarEntryType;
  /** Target of links; '' otherwise. */
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
  readonly sizeBytes: number;
}

const types: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

interface Extra {
  readonly kind: 'x' | 'g' | 'L' | 'K';
  readonly chunks: Buffer[];
  left: number;
}

/** What is told of each entry; `onContent` gets the pieces of a file's content where it is given. */
export interface TarListener {
  onEntry(entry: TarEntry): void;
  onContent?(bytes: Buffer): void;
}

/** Fed with the bytes of a tar archive, it tells of each entry. Throws MSP_PACKAGE_BROKEN for what is no tar. */
export class TarReader {
  readonly #of: string;
  readonly #listener: TarListener;
  #head: Buffer | null = null;
  #headBytes = 0;
  /** Bytes of content and of padding that still follow. */
  #content = 0;
  #padding = 0;
  #extra: Extra | null = null;
  #names: Partial<Record<'path' | 'linkpath' | 'size', string>> = {};
  #zeroBlocks = 0;

  /** @param of whose archive it is, for messages */
  constructor(of: string, listener: TarListener) {
    this.#of = of;
    this.#listener = listener;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#content > 0) {
        const end = Math.min(bytes.length, at + this.#content);
        this.#takeContent(bytes.subarray(at, end));
        at = end;
      } else if (this.#padding > 0) {
        const skipped = Math.min(bytes.length - at, this.#padding);
        this.#padding -= skipped;
        at += skipped;
      } else if (this.#headBytes === 0 && bytes.length - at >= blockBytes) {
        this.#takeHead(bytes.subarray(at, at + blockBytes));
        at += blockBytes;
      } else {
        this.#head ??= Buffer.alloc(blockBytes);
        const copied = bytes.copy(this.#head, this.#headBytes, at, at + blockBytes - this.#headBytes);
        this.#headBytes += copied;
        at += copied;
        if (this.#headBytes === blockBytes) {
          this.#headBytes = 0;
          this.#takeHead(this.#head);
        }
      }
    }
  }

  /** To be called after the last bytes. */
  end(): void {
    if (this.#content > 0 || this.#headBytes > 0 || this.#zeroBlocks === 0) throw this.#broken('it ends too early');
  }

  #takeContent(bytes: Buffer): void {
    this.#content -= bytes.length;
    if (this.#extra === null) this.#listener.onContent?.(bytes);
    else this.#extra.chunks.push(Buffer.from(bytes));
    if (this.#content === 0 && this.#extra !== null) this.#takeExtra(this.#extra);
  }

  #takeHead(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      this.#zeroBlocks += 1;
      return;
    }
    if (this.#zeroBlocks > 0) throw this.#broken('something follows its end');
    if (checksumOf(block) !== octal(block, 148, 8)) throw this.#broken('a header does not fit its checksum');
    const kind = String.fromCharCode(block[156] ?? 0);
    const size = this.#names.size === undefined ? number(block, 124, 12) : Number(this.#names.size);
    if (!Number.isSafeInteger(size) || size < 0) throw this.#broken('a header has an impossible size');
    this.#padding = (blockBytes - (size % blockBytes)) % blockBytes;
    if (kind === 'x' || kind === 'g' || kind === 'L' || kind === 'K') {
      if (size === 0 || size > mostExtraBytes) throw this.#broken('an extended header has an impossible size');
      this.#content = size;
      this.#extra = { kind, chunks: [], left: size };
      return;
    }
    const type = types[kind];
    if (type === undefined) throw this.#broken(`an entry has the unknown type '${kind}'`);
    const name = this.#names.path ?? ustarName(block);
    const linkName = this.#names.linkpath ?? text(block, 157, 100);
    this.#names = {};
    // Only files have content, whatever the header says of others.
    this.#content = type === 'file' ? size : 0;
    if (type !== 'file') this.#padding = 0;
    const isLink = type === 'link' || type === 'symlink';
    this.#listener.onEntry({
      name,
      type: type === 'file' && name.endsWith('/') ? 'directory' : type,
      linkName: isLink ? linkName : '',
      mode: octal(block, 100, 8) & 0o7777,
      uid: number(block, 108, 8),
      gid: number(block, 116, 8),
      mtime: number(block, 136, 12),
      sizeBytes: this.#content,
    });
  }

  #takeExtra({ kind, chunks }: Extra): void {
    this.#extra = null;
    const content = Buffer.concat(chunks);
    if (kind === 'L') this.#names.path = untilZero(content);
    else if (kind === 'K') this.#names.linkpath = untilZero(content);
    else if (kind === 'x') Object.assign(this.#names, this.#paxRecords(content));
    else throw this.#broken('it has a global header');
  }

  /** "27 path=usr/share/x\n": the length counts the whole record, in bytes. */
  #paxRecords(content: Buffer): Partial<Record<'path' | 'linkpath' | 'size', string>> {
    const found: Record<string, string> = {};
    for (let at = 0; at < content.length;) {
      const space = content.indexOf(0x20, at);
      const length = Number(content.toString('latin1', at, space));
      if (space < 0 || !Number.isSafeInteger(length) || length < 5 || at + length > content.length)
        throw this.#broken('an extended header is malformed');
      const record = decodeName(content.subarray(space + 1, at + length - 1));
      const equals = record.indexOf('=');
      const key = record.slice(0, equals);
      if (key === 'path' || key === 'linkpath' || key === 'size') found[key] = record.slice(equals + 1);
      at += length;
    }
    return found;
  }

  #broken(problem: string): Error {
    return fail('MSP_PACKAGE_BROKEN', { package: this.#of, problem: `its tar archive: ${problem}` });
  }
}

function text(block: Buffer, at: number, length: number): string {
  return untilZero(block.subarray(at, at + length));
}

function untilZero(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return decodeName(bytes.subarray(0, end < 0 ? bytes.length : end));
}

function octal(block: Buffer, at: number, length: number): number {
  return Number.parseInt(text(block, at, length).trim() || '0', 8);
}

/** GNU writes what does not fit as binary, its first bit set. */
function number(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) === 0) return octal(block, at, length);
  return block.subarray(at + 1, at + length).reduce((sum, byte) => sum * 256 + byte, 0);
}

function ustarName(block: Buffer): string {
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(block, 345, 155) : '';
  return prefix === '' ? text(block, 0, 100) : `${prefix}/${text(block, 0, 100)}`;
}

function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < blockBytes; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}
