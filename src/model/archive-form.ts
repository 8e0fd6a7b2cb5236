/** What a file is, told by its first bytes and not by its name. */

export type Compression = 'none' | 'gzip' | 'xz' | 'bzip2' | 'zstd';

/** `unknown`: it may be anything. */
export type Content = 'tar' | 'raw' | 'qcow2' | 'html' | 'empty' | 'unknown';

export interface ArchiveForm {
  readonly compression: Compression;
  readonly content: Content;
  /** Memory that it takes to unpack it, where that is more than is allowed: what is in it is unknown then. */
  readonly windowBytes?: number;
}

/** What zstd may take for the data that it looks back at: four times what its usual levels want. */
export const mostWindowBytes = 512 * 1024 ** 2;

/** As many first bytes as `contentOf` can make use of: a btrfs tells itself apart only there. */
export const formBytes = 66 * 1024;

/** RFC 8878, 3.1: of a frame, and of one that holds no data; the last four bits of that one are anybody's. */
export const zstdMagic = 0xfd_2f_b5_28;
export const skippableMagic = 0x18_4d_2a_50;

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];

/** File systems and tables of partitions that a disk image may begin with: offset and bytes. */
const diskMagics: readonly (readonly [number, string])[] = [
  [510, '\x55\xaa'],
  [512, 'EFI PART'],
  [1080, '\x53\xef'],
  [0, 'XFSB'],
  [0, 'hsqs'],
  [1024, '\xe2\xe1\xf5\xe0'],
  [65_600, '_BHRfS_M'],
  [32_769, 'CD001'],
];

export function compressionOf(start: Uint8Array): Compression {
  const found = magics.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  return found?.[0] ?? (isZstd(start) ? 'zstd' : 'none');
}

function isZstd(start: Uint8Array): boolean {
  return zstdFrame(start) !== null;
}

/** Where the first frame with data begins. pzstd puts one without data before each. */
function zstdFrame(start: Uint8Array): number | null {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  for (let at = 0; at + 8 <= start.length; at += 8 + view.getUint32(at + 4, true)) {
    const magic = view.getUint32(at, true);
    if (magic === zstdMagic) return at;
    if ((magic & 0xff_ff_ff_f0) >>> 0 !== skippableMagic) return null;
  }
  return null;
}

/** How far back the first frame refers (RFC 8878, 3.1.1.1.2). 0 where it is no more than the data that it holds. */
export function zstdWindowBytes(start: Uint8Array): number {
  const at = zstdFrame(start);
  const [descriptor = 0, window = 0] = at === null ? [] : start.subarray(at + 4, at + 6);
  const isSingle = (descriptor & 0x20) !== 0;
  if (at === null || isSingle) return 0;
  const base = 2 ** (10 + (window >> 3));
  return base + (base / 8) * (window & 7);
}

/** Of what is not compressed, or of the first bytes of what was. */
export function contentOf(start: Uint8Array): Content {
  const has = (offset: number, text: string): boolean =>
    Buffer.from(text, 'latin1').every((byte, index) => start[offset + index] === byte);
  if (start.length === 0) return 'empty';
  if (isTarHeader(start)) return 'tar';
  if (has(0, 'QFI\xfb')) return 'qcow2';
  const words = Buffer.from(start.subarray(0, 512)).toString('latin1');
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype\b|html\b|head\b|\?xml\b|!--)/iu.test(words)) return 'html';
  return diskMagics.some(([offset, magic]) => has(offset, magic)) ? 'raw' : 'unknown';
}

/** Its checksum is right; the word "ustar" is missing in old ones. */
function isTarHeader(start: Uint8Array): boolean {
  if (start.length < 512) return false;
  const field = Buffer.from(start.subarray(148, 156)).toString('latin1');
  const [, digits] = /^[\s\0]*([0-7]+)/u.exec(field) ?? [];
  if (digits === undefined) return false;
  let sum = 0;
  for (let at = 0; at < 512; at += 1) sum += at >= 148 && at < 156 ? 32 : (start[at] ?? 0);
  return sum === Number.parseInt(digits, 8) && sum > 256;
}
