/** Writes small tar archives: files that we make ourselves go into a tree the same way as those of packages. */
import { encodeName } from './file-name.ts';

export interface TarFile {
  /** Relative, such as "var/lib/dpkg/status". */
  readonly path: string;
  /** Text may have names in it that are no UTF-8: see decodeName. */
  readonly content: string | Uint8Array;
  readonly mode: number;
  /** Seconds. @default 0 */
  readonly mtime?: number;
  /** It is a symlink to here, or a directory. @default a file */
  readonly kind?: { readonly symlink: string } | 'directory';
}

const blockBytes = 512;

/** Owned by root. Without the closing blocks: archives can be put one after the other. */
export function tarOf(files: readonly TarFile[]): Buffer {
  return Buffer.concat(files.flatMap((file) => [...longName(file.path), ...entry(file)]));
}

/** The blocks that end an archive. */
export const tarEnd = Buffer.alloc(2 * blockBytes);

function longName(path: string): Buffer[] {
  if (encodeName(path).length <= 100) return [];
  const name = encodeName(`${path}\0`);
  return [header({ name: '././@LongLink', type: 'L', size: name.length, mode: 0, mtime: 0, target: '' }), pad(name)];
}

function entry({ path, content, mode, mtime = 0, kind }: TarFile): Buffer[] {
  const bytes = kind === undefined ? bytesOf(content) : Buffer.alloc(0);
  const type = kind === undefined ? '0' : kind === 'directory' ? '5' : '2';
  const target = typeof kind === 'object' ? kind.symlink : '';
  return [header({ name: path, type, size: bytes.length, mode, mtime, target }), pad(bytes)];
}

function bytesOf(content: string | Uint8Array): Buffer {
  return typeof content === 'string' ? encodeName(content) : Buffer.from(content);
}

function header(of: {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly mtime: number;
  readonly target: string;
}): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, length: number): string => value.toString(8).padStart(length - 1, '0');
  encodeName(of.name).copy(block, 0, 0, 100);
  block.write(octal(of.mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(of.size, 12), 124);
  block.write(octal(of.mtime, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(of.type, 156);
  block.write(of.target, 157, 100);
  block.write('ustar  \0', 257);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )}\0 `,
    148,
  );
  return block;
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes)]);
}
