import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TarWalker } from '../../../src/host/tar-walker.ts';
import type { TarEntry } from '../../../src/model/tar-safety.ts';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const long = 'n'.repeat(150);

function makeTree(): string {
  const tree = join(scratch, 'tree');
  mkdirSync(join(tree, long), { recursive: true });
  writeFileSync(join(tree, long, long), 'x'.repeat(1000));
  writeFileSync(join(tree, 'line\nend'), '');
  const script =
    'cd "$1"; ln line* hard; ln -s "$2/$2" soft; mkfifo fifo; truncate -s 5M sparse; ' +
    'for i in $(seq 12); do printf y | dd of=sparse bs=1 seek=$((i * 300000)) conv=notrunc status=none; done';
  execFileSync('sh', ['-c', script, 'sh', tree, long]);
  return tree;
}
const tree = makeTree();
const pack = (...options: readonly string[]): Buffer =>
  execFileSync('tar', ['-C', tree, '-S', '--sort=name', ...options, '-c', '.'], { maxBuffer: 2 ** 27 });

function walk(
  archive: Buffer,
  piece: number,
): { readonly entries: readonly TarEntry[]; readonly problem: string | null } {
  const entries: TarEntry[] = [];
  const walker = new TarWalker((entry) => void entries.push(entry));
  for (let at = 0; at < archive.length; at += piece) walker.write(archive.subarray(at, at + piece));
  expect(walker.bytes).toBe(archive.length);
  return { entries, problem: walker.problem };
}

test.each([
  ['gnu', 100_000],
  ['gnu', 333],
  ['pax', 100_000],
  ['pax', 511],
])('the entries of a %s archive in pieces of %i', (format, piece) => {
  const { entries, problem } = walk(pack(`--format=${format}`), piece);
  expect(problem).toBe(null);
  const list = entries.map(({ path, type, target }) => [path, type, target]);
  const links = [
    ['./hard', './line\nend'],
    ['./line\nend', './hard'],
  ].map(([path, target]) => [path, list.some(([one, type]) => one === path && type === 'hardlink') ? target : '']);
  expect(list).toEqual([
    ['./', 'directory', ''],
    ['./fifo', 'fifo', ''],
    ['./hard', links[0]?.[1] === '' ? 'file' : 'hardlink', links[0]?.[1]],
    ['./line\nend', links[1]?.[1] === '' ? 'file' : 'hardlink', links[1]?.[1]],
    [`./${long}/`, 'directory', ''],
    [`./${long}/${long}`, 'file', ''],
    ['./soft', 'symlink', `${long}/${long}`],
    ['./sparse', 'file', ''],
  ]);
});

test('a long name whose short form ends in a slash is no directory', () => {
  const directory = join(scratch, 'slash', 'd'.repeat(97));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'file'), 'x'.repeat(1000));
  const archive = execFileSync('tar', ['-C', join(scratch, 'slash'), '--format=gnu', '-c', '.']);
  const { entries, problem } = walk(archive, 700);
  expect(problem).toBeNull();
  expect(entries.at(-1)).toEqual({ path: `./${'d'.repeat(97)}/file`, type: 'file', target: '' });
});

test('a size is a number', () => {
  const archive = Buffer.from(pack('--format=gnu').subarray(0, 512));
  archive.write('zz', 124, 'latin1');
  const sum = archive.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  expect(() => walk(archive, 512)).toThrow('without a size');
});

test('what is cut off, empty or no archive', () => {
  const archive = pack();
  expect(walk(archive.subarray(0, 512 * 5), 512).problem).toBe('it ends in the middle');
  expect(walk(Buffer.alloc(0), 1).problem).toBe('it is empty');
  expect(() => walk(Buffer.alloc(2048, 'x'), 512)).toThrow('wrong checksum');
  // What follows the end is not looked at.
  expect(walk(Buffer.concat([archive, Buffer.alloc(5000, 'x')]), 700).problem).toBe(null);
});
