/** What GNU tar of this host tells, read as HostArchives reads it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TarIndex } from '../../../src/host/tar-index.ts';
import { bytesTold, tarListing, unsafeTold } from '../../../src/host/unpack-script.ts';
import type { TarEntry } from '../../../src/model/tar-safety.ts';
import { craftedTar } from '../../support/tar-entries.ts';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const long = 'n'.repeat(150);
const tree = join(scratch, 'tree');
mkdirSync(join(tree, long), { recursive: true });
writeFileSync(join(tree, long, long), 'x'.repeat(1000));
writeFileSync(join(tree, 'line\nend "quoted" -> \\'), '');
writeFileSync(Buffer.concat([Buffer.from(`${tree}/latin`), Buffer.from([0xff])]), '');
writeFileSync(join(tree, 'sparse'), 'x');
truncateSync(join(tree, 'sparse'), 300 * 1024 * 1024);
symlinkSync('/etc" -> "x', join(tree, 'soft'));
execFileSync('sh', ['-c', 'cd "$1"; mkfifo fifo; ln soft hard', 'sh', tree]);

interface Told {
  readonly entries: readonly TarEntry[];
  readonly index: TarIndex;
  readonly stderr: readonly string[];
}

let times = 0;
function unpack(archive: Buffer): Told {
  const to = join(scratch, `to-${times}`);
  times += 1;
  mkdirSync(to);
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  const args = ['-c', `exec tar -x -f - -C "$1" ${tarListing}`, 'sh', to];
  const { stdout, stderr } = spawnSync('sh', args, { input: archive, env, maxBuffer: 2 ** 26 });
  const entries: TarEntry[] = [];
  const index = new TarIndex((entry) => void entries.push(entry));
  for (const line of stdout.toString().split('\n')) index.read(line);
  return { entries, index, stderr: stderr.toString().split('\n') };
}
const pack = (...options: readonly string[]): Buffer =>
  execFileSync('tar', ['-C', tree, '--sort=name', '--numeric-owner', ...options, '-c', '.'], { maxBuffer: 2 ** 29 });

test.each(['gnu', 'pax'])('the entries of a %s archive, whatever their names are', (format) => {
  const archive = pack(`--format=${format}`, '-S');
  const { entries, index } = unpack(archive);
  expect(index.problem).toBe(null);
  expect(index.bytes).toBeGreaterThan(0);
  expect(index.bytes).toBeLessThanOrEqual(archive.length);
  expect(entries).toEqual([
    { path: './', type: 'directory', target: '' },
    { path: './fifo', type: 'fifo', target: '' },
    { path: './hard', type: 'symlink', target: String.raw`/etc\" -> \"x` },
    { path: String.raw`./latin\377`, type: 'file', target: '' },
    { path: String.raw`./line\nend \"quoted\" -> \\`, type: 'file', target: '' },
    { path: `./${long}/`, type: 'directory', target: '' },
    { path: `./${long}/${long}`, type: 'file', target: '' },
    { path: './soft', type: 'hardlink', target: './hard' },
    { path: './sparse', type: 'file', target: '' },
  ]);
});

test('names are told as they stand in the archive, and those that lead upwards by a remark', () => {
  const { entries, stderr } = unpack(
    craftedTar(
      { name: '/abs/x', type: '0' },
      { name: 'a/../../x', type: '0' },
      { name: 'hard', type: '1', target: '../../etc/passwd' },
      { name: 'other', type: '1', target: '/etc/passwd' },
    ),
  );
  expect(entries[0]).toEqual({ path: '/abs/x', type: 'file', target: '' });
  expect(stderr.map(unsafeTold).filter((one) => one !== null)).toEqual([
    { entry: 'a/../../x', problem: "its name has '..' in it" },
    { entry: '../../…', problem: 'a hard link leads there, out of the tree' },
    { entry: '/…', problem: 'a hard link leads there, out of the tree' },
  ]);
});

test('how far it is, in the middle of a large file, too', () => {
  const { stderr, index } = unpack(pack());
  expect(stderr.map(bytesTold).filter((bytes) => bytes > 0)).toEqual([1, 2, 3, 4].map((count) => count * 64 * 2 ** 20));
  expect(index.bytes).toBeGreaterThan(300 * 2 ** 20);
  expect(bytesTold('tar: something else')).toBe(0);
});

test('what is cut off between two entries, or empty, of which tar says nothing', () => {
  const archive = pack('-S', '--format=gnu');
  expect(unpack(archive.subarray(0, 512)).index.problem).toBe('it ends in the middle');
  expect(unpack(Buffer.alloc(0)).index.problem).toBe('it is empty');
  expect(unpack(Buffer.alloc(1024)).index.problem).toBe(null);
  // What follows the end is not looked at.
  expect(unpack(Buffer.concat([archive, Buffer.alloc(5000, 'x')])).index.problem).toBe(null);
});

test('what no tar writes is no entry that was overlooked', () => {
  const index = new TarIndex(() => {});
  expect(() => index.read('block 7: -rw-r--r-- root/root 0 2026-01-01 00:00 name')).toThrow('not understood');
  expect(() => index.read('block 7: block 8: -rw-r--r-- 0/0 0 2026-01-01 00:00 "x"')).toThrow('not understood');
  index.read('Reading label');
  expect(index.bytes).toBe(0);
});
