import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileSystemBytes, readFileSystemSize } from '../../../src/model/file-system-size.ts';
import { scratchDirectory } from '../host/scratch.ts';

const scratch = scratchDirectory();
const MiB = 2 ** 20;

function startOf(path: string): Buffer {
  const start = Buffer.alloc(fileSystemBytes);
  const descriptor = openSync(path, 'r');
  const length = readSync(descriptor, start, 0, start.length, 0);
  closeSync(descriptor);
  return start.subarray(0, length);
}

test.each(['64bit', '^64bit'])('ext4, made by its own tool, with %s', (feature) => {
  const path = join(scratch, 'ext4');
  writeFileSync(path, '');
  truncateSync(path, 8 * MiB);
  execFileSync('/usr/sbin/mkfs.ext4', ['-q', '-F', '-O', feature, path]);
  expect(readFileSystemSize(startOf(path))).toEqual({ type: 'ext4', sizeBytes: 8 * MiB });
});

test('squashfs, made by its own tool', () => {
  mkdirSync(join(scratch, 'tree'));
  writeFileSync(join(scratch, 'tree', 'file'), randomBytes(10_000));
  const path = join(scratch, 'squashfs');
  execFileSync('mksquashfs', [join(scratch, 'tree'), path, '-quiet', '-no-progress', '-nopad'], { stdio: 'ignore' });
  expect(readFileSystemSize(readFileSync(path))).toEqual({ type: 'squashfs', sizeBytes: statSync(path).size });
});

test('xfs, btrfs and erofs, as their formats say', () => {
  const xfs = Buffer.alloc(fileSystemBytes);
  xfs.write('XFSB');
  xfs.writeUInt32BE(4096, 4);
  xfs.writeBigUInt64BE(76_800n, 8);
  expect(readFileSystemSize(xfs)).toEqual({ type: 'xfs', sizeBytes: 300 * MiB });
  const erofs = Buffer.alloc(fileSystemBytes);
  erofs.writeUInt32LE(0xe0f5e1e2, 1024);
  erofs.writeUInt8(12, 1024 + 12);
  erofs.writeUInt32LE(256, 1024 + 36);
  expect(readFileSystemSize(erofs)).toEqual({ type: 'erofs', sizeBytes: MiB });
  const btrfs = Buffer.alloc(fileSystemBytes);
  btrfs.write('_BHRfS_M', 65_536 + 64);
  btrfs.writeBigUInt64LE(BigInt(128 * MiB), 65_536 + 112);
  btrfs.writeBigUInt64LE(1n, 65_536 + 136);
  expect(readFileSystemSize(btrfs)).toEqual({ type: 'btrfs', sizeBytes: 128 * MiB });
  btrfs.writeBigUInt64LE(2n, 65_536 + 136);
  expect(readFileSystemSize(btrfs)).toBe(null);
});

test('nothing that is known', () => {
  expect(readFileSystemSize(Buffer.alloc(fileSystemBytes))).toBe(null);
  expect(readFileSystemSize(Buffer.from('hsqs'))).toBe(null);
});
