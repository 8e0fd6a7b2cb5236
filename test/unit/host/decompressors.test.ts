/** Every program of this host that unpacks a compression, on what such files may look like. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decompressorOf, decompressorsOf } from '../../../src/host/decompressors.ts';
import { packedEnd } from '../../../src/host/packed-end.ts';
import { zstdEnd } from '../../../src/host/zstd-end.ts';
import { compressionOf } from '../../../src/model/archive-form.ts';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const parts = [Buffer.concat([randomBytes(300_000), Buffer.alloc(1_000_000)]), randomBytes(1000)];
const whole = Buffer.concat(parts);
const packers = {
  gzip: ['gzip', '-1'],
  xz: ['xz', '-0'],
  bzip2: ['bzip2', '-1'],
  zstd: ['zstd', '-q', '-1'],
} as const;
const pack = ([file, ...args]: readonly [string, ...(readonly string[])], input: Buffer): Buffer =>
  execFileSync(file, [...args, '-c'], { input, maxBuffer: 2 ** 26 });

test.each(['gzip', 'xz', 'bzip2', 'zstd'] as const)('%s in several members, with zeros behind', async (compression) => {
  const members = Buffer.concat(parts.map((part) => pack(packers[compression], part)));
  const programs = await decompressorsOf(compression);
  expect(programs.length).toBeGreaterThan(0);
  for (const zeros of [0, 1, 2, 3, 4, 510, 10_240, 70_001]) {
    const path = join(scratch, `${compression}-${zeros}`);
    writeFileSync(path, Buffer.concat([members, Buffer.alloc(zeros)]));
    // As the shell programs cut it off.
    const end = await packedEnd(path, compression);
    const isCut = (compression === 'zstd' || compression === 'xz') && zeros > 0;
    expect(end).toBe(isCut ? members.length : null);
    for (const { argv } of programs) {
      const [file = '', ...args] = argv;
      const input = Buffer.concat([members, Buffer.alloc(zeros)]).subarray(0, end ?? Infinity);
      const { status, stdout, stderr } = spawnSync(file, args, { input, maxBuffer: 2 ** 26 });
      expect(status, `${argv.join(' ')}: ${stderr.toString()}`).toBe(0);
      expect(stdout.equals(whole), argv.join(' ')).toBe(true);
    }
  }
});

test('for a beginning that is cut off one program alone is asked, which gives what there is', async () => {
  for (const compression of ['gzip', 'xz', 'bzip2', 'zstd'] as const) {
    const input = pack(packers[compression], randomBytes(2_000_000)).subarray(0, 270_336);
    const [file = '', ...args] = (await decompressorOf(compression, { serial: true }))?.argv ?? [];
    expect(spawnSync(file, args, { input }).stdout.length, compression).toBeGreaterThan(66 * 1024);
  }
});

test('where xz ends is asked of a file of zeros, too', async () => {
  const path = join(scratch, 'zeros');
  writeFileSync(path, Buffer.alloc(100_000));
  expect(await packedEnd(path, 'xz')).toBe(null);
});

test('where zstd ends: frames of every form, some without data', async () => {
  const path = join(scratch, 'forms');
  const ends = async (data: Buffer): Promise<number | null> => (writeFileSync(path, data), await zstdEnd(path));
  const zeros = Buffer.alloc(100);
  const skipped = Buffer.from('5c2a4d1803000000616263', 'hex');
  for (const options of [[], ['--no-check'], ['--long=27'], ['-19'], ['--no-content-size'], ['--format=zstd']] as const)
    for (const size of [0, 1, 300, 70_000, 1_300_000]) {
      const frame = pack(['zstd', '-q', ...options], whole.subarray(0, size));
      expect(await ends(Buffer.concat([frame, zeros])), `${options.join()} ${size}`).toBe(frame.length);
      const mixed = Buffer.concat([skipped, frame, skipped]);
      expect(compressionOf(mixed)).toBe('zstd');
      expect(await ends(Buffer.concat([mixed, zeros]))).toBe(mixed.length);
    }
  const frame = pack(packers.zstd, whole);
  expect(await ends(frame)).toBe(null);
  expect(await ends(Buffer.alloc(0))).toBe(null);
  expect(await ends(zeros)).toBe(null);
  // Something else behind it, or a part of a frame: zstd is to say so.
  expect(await ends(Buffer.concat([frame, Buffer.from('junk'), zeros]))).toBe(null);
  expect(await ends(Buffer.concat([frame.subarray(0, 1000), Buffer.alloc(1_000_000)]))).toBe(null);
  expect(compressionOf(skipped)).toBe('none');
});
