import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { compressionOf, contentOf, mostWindowBytes, zstdWindowBytes } from '../../../src/model/archive-form.ts';

const at = (offset: number, bytes: string): Buffer => {
  const buffer = Buffer.alloc(70_000);
  buffer.write(bytes, offset, 'latin1');
  return buffer;
};

test.each([
  ['gzip', '\x1f\x8b\x08'],
  ['xz', '\xfd7zXZ\0'],
  ['bzip2', 'BZh9'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['none', 'plain'],
])('%s by its first bytes', (compression, bytes) => expect(compressionOf(at(0, bytes))).toBe(compression));

test.each([
  ['raw', 510, '\x55\xaa'],
  ['raw', 512, 'EFI PART'],
  ['raw', 1080, '\x53\xef'],
  ['raw', 0, 'hsqs'],
  ['raw', 65_600, '_BHRfS_M'],
  ['qcow2', 0, 'QFI\xfb'],
  ['html', 0, '  <!DOCTYPE html>'],
  ['html', 0, '\xef\xbb\xbf<html lang="x">'],
  ['unknown', 0, 'text'],
])('%s by %i', (content, offset, bytes) => expect(contentOf(at(offset, bytes))).toBe(content));

test('tar archives of all formats; nothing; zeros', () => {
  for (const format of ['v7', 'ustar', 'gnu', 'pax']) {
    const archive = execFileSync('tar', [`--format=${format}`, '-C', import.meta.dirname, '-c', 'error-of.ts']);
    expect(contentOf(archive), format).toBe('tar');
  }
  expect(contentOf(Buffer.alloc(0))).toBe('empty');
  expect(contentOf(Buffer.alloc(1024))).toBe('unknown');
});

test('how much memory zstd wants', () => {
  const pack = (...options: readonly string[]): Buffer =>
    execFileSync('zstd', ['-q', ...options, '-c', '-'], { input: Buffer.alloc(1000) });
  expect(zstdWindowBytes(pack('--long=31'))).toBe(2 ** 31);
  expect(zstdWindowBytes(pack('--long=29'))).toBe(mostWindowBytes);
  const skipped = Buffer.from('5c2a4d1803000000616263', 'hex');
  expect(zstdWindowBytes(Buffer.concat([skipped, pack('--long=30')]))).toBe(2 ** 30);
  // A mantissa of 1; one frame that holds its size; none.
  expect(zstdWindowBytes(Buffer.from('28b52ffd04a9000000', 'hex'))).toBe(2 ** 31 + 2 ** 28);
  expect(zstdWindowBytes(execFileSync('zstd', ['-q', '--long=31', '-c', import.meta.filename]))).toBe(0);
  expect(zstdWindowBytes(skipped)).toBe(0);
});
