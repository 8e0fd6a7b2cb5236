import { expect, test } from 'vitest';
import { TarSafety, usualTarLimits, type TarEntry } from '../../../src/model/tar-safety.ts';

const entry = (path: string, type: TarEntry['type'] = 'file', target = ''): TarEntry => ({
  path,
  type,
  target,
});
const judge = (...entries: readonly TarEntry[]): string | null => {
  const safety = new TarSafety(usualTarLimits);
  return entries.map((one) => safety.problemOf(one)).at(-1) ?? null;
};

test('what a root file system has is fine', () => {
  expect(judge(entry('./'), entry('./lib', 'symlink', 'usr/lib'), entry('./lib/x'))).toBe(null);
  expect(judge(entry('etc/x', 'symlink', '/etc/passwd'))).toBe(null);
  expect(judge(entry('a/b/up', 'symlink', '../c'), entry('a/b/up/x'))).toBe(null);
  expect(judge(entry('a', 'hardlink', './b'))).toBe(null);
  // The directory took the place of the link.
  expect(judge(entry('out', 'symlink', '/tmp'), entry('out', 'directory'), entry('out/x'))).toBe(null);
  expect(judge(entry('..x/...'))).toBe(null);
});

test.each([
  [[entry('/etc/x')], 'absolute'],
  [[entry('a/../../x')], "'..'"],
  [[entry('out', 'symlink', '/tmp'), entry('out/x')], 'through the symlink out'],
  [[entry('a/out', 'symlink', '../../x'), entry('./a/out/y/z')], 'through the symlink a/out'],
  [[entry('one', 'symlink', 'two'), entry('two', 'symlink', '..'), entry('one/x')], 'through the symlink two'],
  [[entry('loop', 'symlink', 'loop'), entry('loop/x')], 'through the symlink'],
  [[entry('a', 'hardlink', '/etc/passwd')], 'hard link to /etc/passwd'],
  [[entry('a', 'hardlink', '../x')], 'hard link to ../x'],
  [[entry('out', 'symlink', '/etc'), entry('a', 'hardlink', 'out/passwd')], 'hard link through'],
])('escapes: %#', (entries, problem) => expect(judge(...entries)).toContain(problem));

test('limits', () => {
  const safety = new TarSafety({ entries: 2, devices: 1, bytes: 3 * 1024 ** 3, ratio: 100 });
  safety.problemOf(entry('a', 'device'));
  expect(safety.excess(2 * 1024 ** 3, 1024 ** 3)).toBe(null);
  expect(safety.excess(256 * 1024 ** 2, 1)).toBe(null);
  expect(safety.excess(2 * 1024 ** 3, 1024)).toContain('100 times');
  expect(safety.excess(4 * 1024 ** 3, 4 * 1024 ** 3)).toContain('more than');
  safety.problemOf(entry('b', 'device'));
  expect(safety.excess(0, 0)).toContain('device nodes');
  safety.problemOf(entry('c'));
  expect(safety.excess(0, 0)).toContain('entries');
});
