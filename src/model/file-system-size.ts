/** What a file system at the beginning of a disk image says of its size. */

/** As many first bytes as `readFileSystemSize` can make use of: btrfs begins at 64 KiB. */
export const fileSystemBytes = 68 * 1024;

/** What the superblock says. */
export interface FileSystemSize {
  /** Such as "ext4". */
  readonly type: string;
  readonly sizeBytes: number;
}

/** Null where none is that we know. None of them can be mounted from an image that is smaller. */
export function readFileSystemSize(start: Buffer): FileSystemSize | null {
  if (start.length < 2048) return null;
  const word = (at: number, length: number): string => start.toString('latin1', at, at + length);
  if (word(0, 4) === 'XFSB') return sized('xfs', Number(start.readBigUInt64BE(8)) * start.readUInt32BE(4));
  if (word(0, 4) === 'hsqs') return sized('squashfs', Number(start.readBigUInt64LE(40)));
  if (start.readUInt16LE(1024 + 56) === 0xef53) return sized('ext4', extBytes(start.subarray(1024)));
  if (start.readUInt32LE(1024) === 0xe0f5e1e2)
    return sized('erofs', start.readUInt32LE(1024 + 36) * 2 ** start.readUInt8(1024 + 12));
  const btrfs = start.subarray(65_536);
  const isWhole = btrfs.length >= 256 && btrfs.toString('latin1', 64, 72) === '_BHRfS_M';
  // Of one on several disks this is the sum.
  if (!isWhole || btrfs.readBigUInt64LE(136) !== 1n) return null;
  return sized('btrfs', Number(btrfs.readBigUInt64LE(112)));
}

/** The upper half of the count is only there with the feature 64bit. */
function extBytes(superblock: Buffer): number {
  const has64 = (superblock.readUInt32LE(96) & 0x80) !== 0;
  const blocks = superblock.readUInt32LE(4) + (has64 ? superblock.readUInt32LE(336) * 2 ** 32 : 0);
  return blocks * 1024 * 2 ** superblock.readUInt32LE(24);
}

function sized(type: string, sizeBytes: number): FileSystemSize {
  return { type, sizeBytes };
}
