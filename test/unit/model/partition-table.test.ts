import { expect, test } from 'vitest';
import { readPartitionTable } from '../../../src/model/partition-table.ts';

/** GUIDs as they lie on the disk: the first three groups are little-endian. */
const rootAmd64 = 'e3bc684fcde8b14d96e7fbcaf984b709';
const esp = '28732ac11ff8d211ba4b00a0c93ec93b';
const rootArm64 = '45b021b9f01dc341af444c6f280d3fae';

function gpt(...types: readonly string[]): Buffer {
  const disk = Buffer.alloc(64 * 1024);
  disk.writeUInt16LE(0xaa55, 510);
  disk.write('EFI PART', 512, 'latin1');
  disk.writeBigUInt64LE(16_383n, 512 + 32);
  disk.writeBigUInt64LE(2n, 512 + 72);
  disk.writeUInt32LE(128, 512 + 80);
  disk.writeUInt32LE(128, 512 + 84);
  for (const [index, type] of types.entries()) {
    Buffer.from(type, 'hex').copy(disk, 1024 + 128 * index);
    disk.writeBigUInt64LE(BigInt(2048 * (index + 1)), 1024 + 128 * index + 32);
    disk.writeBigUInt64LE(BigInt(2048 * (index + 2) - 1), 1024 + 128 * index + 40);
  }
  return disk;
}

test('GPT, with the architecture of its root', () => {
  expect(readPartitionTable(gpt(esp, rootAmd64))).toEqual({
    kind: 'gpt',
    arch: 'amd64',
    endBytes: 3 * 1024 * 1024,
    diskBytes: 8 * 1024 * 1024,
    partitions: [
      { number: 1, type: 'esp', startBytes: 1024 * 1024, sizeBytes: 1024 * 1024 },
      { number: 2, type: 'root', startBytes: 2 * 1024 * 1024, sizeBytes: 1024 * 1024 },
    ],
  });
  expect(readPartitionTable(gpt(rootAmd64, rootArm64)).arch).toBe(null);
  expect(readPartitionTable(gpt('ff'.repeat(16))).partitions[0]?.type).toBe('ffffffff-ffff-ffff-ffff-ffffffffffff');
});

test('GPT of a disk with sectors of 4 KiB, below the MBR that guards it', () => {
  const disk = Buffer.alloc(64 * 1024);
  disk.writeUInt16LE(0xaa55, 510);
  disk[450] = 0xee;
  disk.writeUInt32LE(1, 454);
  disk.writeUInt32LE(0xffff_ffff, 458);
  const table = gpt(esp, rootAmd64);
  table.copy(disk, 4096, 512, 1024);
  table.copy(disk, 8192, 1024, 2048);
  const sizeBytes = 8 * 1024 * 1024;
  expect(readPartitionTable(disk)).toMatchObject({ kind: 'gpt', arch: 'amd64', endBytes: 3 * sizeBytes });
  expect(readPartitionTable(disk.subarray(0, 4110)).kind).toBe('mbr');
});

test('the boot code of a file system is no table', () => {
  const disk = Buffer.alloc(1024, 0x90);
  disk.writeUInt16LE(0xaa55, 510);
  expect(readPartitionTable(disk)).toMatchObject({ kind: 'none', endBytes: 0 });
});

test('MBR, and neither', () => {
  const disk = Buffer.alloc(1024);
  expect(readPartitionTable(disk).kind).toBe('none');
  disk.writeUInt16LE(0xaa55, 510);
  expect(readPartitionTable(disk).kind).toBe('none');
  disk[450] = 0x83;
  disk.writeUInt32LE(8, 454);
  disk.writeUInt32LE(16, 458);
  disk[466] = 0x07;
  disk.writeUInt32LE(4, 474);
  expect(readPartitionTable(disk)).toMatchObject({ kind: 'mbr', endBytes: 24 * 512 });
  expect(readPartitionTable(disk).partitions.map(({ type }) => type)).toEqual(['linux', '0x07']);
  expect(readPartitionTable(Buffer.alloc(10)).kind).toBe('none');
});
