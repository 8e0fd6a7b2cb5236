import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TreeFiles } from '../../../src/host/root-files.ts';
import { expectCode, runPlainly, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const outside = `${scratch}/outside`;
mkdirSync(outside);
writeFileSync(`${outside}/secret`, 'secret');
let count = 0;

function makeRoot(): { root: string; files: TreeFiles } {
  const root = `${scratch}/root-${(count += 1)}`;
  mkdirSync(`${root}/etc`, { recursive: true });
  mkdirSync(`${root}/usr/lib`, { recursive: true });
  return { root, files: new TreeFiles(root, runPlainly) };
}

test('symlinks are followed inside the root: relative, absolute, with too many ..', async () => {
  const { root, files } = makeRoot();
  writeFileSync(`${root}/usr/lib/os-release`, 'ID=debian');
  symlinkSync('../usr/lib/os-release', `${root}/etc/relative`);
  symlinkSync('/usr/lib/os-release', `${root}/etc/absolute`);
  symlinkSync('../../../../../usr/lib/os-release', `${root}/etc/upwards`);
  symlinkSync('/usr/lib', `${root}/lib`);
  for (const path of [
    '/etc/relative',
    '/etc/absolute',
    '/etc/upwards',
    'lib/os-release',
    '/../../lib/../lib/os-release',
  ]) {
    expect(await files.readText(path), path).toBe('ID=debian');
    expect(await files.resolve(path), path).toBe(`${root}/usr/lib/os-release`);
  }
});

const attacks: readonly (readonly [string, (root: string) => void, string])[] = [
  ['absolute directory link', (root) => symlinkSync(outside, `${root}/etc/out`), '/etc/out/secret'],
  ['.. in a link', (root) => symlinkSync('../../outside', `${root}/etc/out`), '/etc/out/secret'],
  ['last component', (root) => symlinkSync(`${outside}/secret`, `${root}/etc/file`), '/etc/file'],
  ['last component upwards', (root) => symlinkSync('../../outside/secret', `${root}/etc/file`), '/etc/file'],
  ['.. in the path', () => undefined, '/etc/../../outside/secret'],
  [
    'a chain of links',
    (root) => {
      symlinkSync('b', `${root}/a`);
      symlinkSync('etc/../..', `${root}/b`);
    },
    '/a/outside/secret',
  ],
];

test.each(attacks)('nothing leads out: %s', async (_, prepare, path) => {
  const { root, files } = makeRoot();
  prepare(root);
  expect(`${await files.resolve(path)}/`.startsWith(`${root}/`)).toBe(true);
  expect(await files.readText(path)).toBe(null);
  await files.writeText(path, 'written');
  await files.remove(path);
  await files.makeDirectory(`${path}-directory`);
  await files.symlink(path, 'x');
  expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('secret');
  expect(existsSync(`${outside}/secret-directory`)).toBe(false);
  expect(execFileSync('ls', ['-A', outside], { encoding: 'utf8' })).toBe('secret\n');
  // What was meant for the inside is there.
  expect((await files.info(path))?.type).toBe('symlink');
});

test('a loop of links is an error, not a hang', async () => {
  const { root, files } = makeRoot();
  symlinkSync('b', `${root}/a`);
  symlinkSync('a', `${root}/b`);
  await expectCode(files.readText('/a'), 'MSP_FILE_UNREADABLE');
  await expectCode(files.writeText('/a/x', ''), 'MSP_FILE_UNREADABLE');
  await files.writeText('/a', 'the link itself is replaced');
  expect(await files.readText('/a')).toBe('the link itself is replaced');
});

test('a FIFO does not block a reader', async () => {
  const { root, files } = makeRoot();
  execFileSync('mkfifo', [`${root}/fifo`]);
  await expectCode(files.readText('/fifo'), 'MSP_FILE_UNREADABLE');
  expect((await files.info('/fifo'))?.type).toBe('other');
});

test('reading: missing, start, list', async () => {
  const { root, files } = makeRoot();
  writeFileSync(`${root}/etc/issue`, 'hello');
  expect(await files.readText('/etc/none')).toBe(null);
  expect(await files.readText('/etc/issue/none')).toBe(null);
  expect((await files.readStart('/etc/issue', 2))?.toString()).toBe('he');
  expect(await files.list('/etc')).toEqual(['issue']);
  expect(await files.list('/none')).toEqual([]);
  await expectCode(files.readText('/etc'), 'MSP_FILE_UNREADABLE');
});

test('writing replaces links and makes parents; a directory stays', async () => {
  const { root, files } = makeRoot();
  symlinkSync('/run/resolv.conf', `${root}/etc/resolv.conf`);
  await files.writeText('/etc/resolv.conf', 'x', { mode: 0o600 });
  expect(await files.info('/etc/resolv.conf')).toMatchObject({ type: 'file', mode: 0o600 });
  await files.writeText('/a/b/c', 'x');
  await files.symlink('/a/b/c', '../d');
  expect(readlinkSync(`${root}/a/b/c`)).toBe('../d');
  await expectCode(files.writeText('/etc', 'x'), 'MSP_FILE_UNWRITABLE');
  await files.remove('/a');
  expect(await files.info('/a')).toBe(null);
  for (const path of ['/', '..', '/etc/..']) await expectCode(files.remove(path), 'MSP_FILE_UNWRITABLE');
});
