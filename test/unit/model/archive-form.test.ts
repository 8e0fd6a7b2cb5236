import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { compressionOf, contentOf } from '../../../src/model/archive-form.ts';

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
