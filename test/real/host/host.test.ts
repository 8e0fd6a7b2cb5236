import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { tryArch } from '../../../src/host/binfmt.ts';
import { HostArchives } from '../../../src/host/archives.ts';
import { Exec } from '../../../src/host/exec.ts';
import { HostFiles } from '../../../src/host/files.ts';
import { JournalFile } from '../../../src/host/journal-file.ts';
import { MachinesDirectory } from '../../../src/host/machines.ts';
import { tinyElf } from '../../../src/host/tiny-elf.ts';
import { archs } from '../../../src/model/arch.ts';
import { archOfElf } from '../../../src/model/elf.ts';
import { expectCode, runPlainly, scratchDirectory } from '../../unit/host/scratch.ts';

const scratch = scratchDirectory();
const emulator = '/usr/bin/qemu-aarch64-static';
const mounted: string[] = [];
afterEach(() => {
  for (const path of mounted.splice(0).toReversed()) execFileSync('umount', [path]);
});

function mountTmpfs(path: string, size = '64k'): void {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', path]);
  mounted.push(path);
}

test.each(archs)('a tiny program of %s runs here, natively or by qemu', async (arch) => {
  const expected = arch === 'amd64' || arch === 'i386' ? 'native' : 'qemu';
  expect(await tryArch('amd64', arch, scratch)).toMatchObject({ runs: expected, problem: null });
  const path = `${scratch}/elf-${arch}`;
  writeFileSync(path, tinyElf(arch));
  expect(archOfElf(readFileSync(path))).toBe(arch);
});

const entry = 'enabled\ninterpreter /usr/libexec/x\nflags: PF\n';
test.each([
  ['', 'not registered'],
  [entry.replace('enabled', 'disabled'), 'disabled'],
  [entry.replace('PF', 'P'), 'is missing'],
  [entry.replace('PF', 'P').replace('/usr/libexec/x', '/bin/sh'), 'flag F'],
])('an emulator that would not do is named: %j', async (text, problem) => {
  const directory = `${scratch}/binfmt`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/register`, '');
  if (text !== '') writeFileSync(`${directory}/qemu-aarch64`, text);
  const report = await tryArch('amd64', 'arm64', scratch, directory);
  expect(report.runs).toBe('no');
  expect(report.problem).toContain(problem);
});

test('an emulator that the kernel looks for inside a tree is to be bound there, and what the flags deny is told', async () => {
  const directory = `${scratch}/flags`;
  mkdirSync(directory);
  writeFileSync(`${directory}/register`, '');
  const report = async (flags: string) => {
    writeFileSync(`${directory}/qemu-aarch64`, `enabled\ninterpreter ${emulator}\nflags: ${flags}\n`);
    return await tryArch('amd64', 'arm64', scratch, directory);
  };
  const runs = { runs: 'qemu', problem: null };
  expect(await report('P')).toEqual({ ...runs, ignoresSetuid: true, emulatorToBind: emulator });
  expect(await report('PF')).toEqual({ ...runs, ignoresSetuid: true });
  expect(await report('POCF')).toEqual(runs);
});

test('a tree with something mounted in it is not removed', async () => {
  const files = new HostFiles(runPlainly);
  mountTmpfs(`${scratch}/tree/proc`);
  writeFileSync(`${scratch}/tree/proc/file`, 'x');
  symlinkSync(`${scratch}/tree`, `${scratch}/link`);
  const error = await expectCode(files.remove(`${scratch}/tree`), 'MSP_TREE_HAS_MOUNTS');
  expect(error).toMatchObject({ data: { mounts: [`${scratch}/tree/proc`] } });
  expect(existsSync(`${scratch}/tree/proc/file`)).toBe(true);
  await files.remove(`${scratch}/link`);
  expect(existsSync(`${scratch}/tree/proc/file`)).toBe(true);
});

test('an immutable tree is removed', async () => {
  const tree = `${scratch}/immutable`;
  mkdirSync(`${tree}/sub`, { recursive: true });
  execFileSync('chattr', ['+i', `${tree}/sub`, tree]);
  await new HostFiles(runPlainly).remove(tree);
  expect(existsSync(tree)).toBe(false);
});

test('an immutable tree and an immutable file are moved, as a machine that is read-only must be to be replaced', async () => {
  const files = new HostFiles(runPlainly);
  const directory = `${scratch}/fixed`;
  mkdirSync(`${directory}/bread`, { recursive: true });
  writeFileSync(`${directory}/disk.raw`, 'disk');
  execFileSync('chattr', ['+i', `${directory}/bread`, `${directory}/disk.raw`]);
  const machines = new MachinesDirectory(directory, `${scratch}/records`);
  expect((await machines.list()).map(({ name, readOnly }) => [name, readOnly])).toEqual([
    ['bread', true],
    ['disk', true],
  ]);
  await files.publish(`${directory}/bread`, `${directory}/other`);
  await files.publish(`${directory}/disk.raw`, `${directory}/other.raw`);
  expect(await files.list(directory)).toEqual(['other', 'other.raw']);
  expect((await machines.find('other'))?.readOnly).toBe(false);
});

test('a full disk while the journal grows: named, nothing torn, and it goes on after space is made', async () => {
  const directory = `${scratch}/full`;
  mountTmpfs(directory);
  const journal = new JournalFile(`${directory}/journal`, 0);
  journal.append('one\n');
  writeFileSync(`${directory}/ballast`, Buffer.alloc(40_000));
  await expectCode(() => journal.append('x'.repeat(60_000)), 'MSP_DISK_FULL');
  expect(readFileSync(`${directory}/journal`, 'utf8')).toBe('one\n');
  execFileSync('rm', [`${directory}/ballast`]);
  journal.append('two\n');
  journal.close();
  expect(readFileSync(`${directory}/journal`, 'utf8')).toBe('one\ntwo\n');
});

test('a full disk while files are written', async () => {
  const directory = `${scratch}/full2`;
  mountTmpfs(directory);
  const files = new HostFiles(runPlainly);
  await expectCode(files.writeText(`${directory}/a`, 'x'.repeat(200_000)), 'MSP_DISK_FULL');
  expect(await files.list(directory)).toEqual([]);
  const exec = new Exec({ isRoot: true });
  const write = exec.run({ file: 'cp', args: ['/bin/bash', directory] }, { signal: new AbortController().signal });
  await expectCode(write, 'MSP_DISK_FULL');
});

test('machines: directories and images; hidden ones not; who uses one', async () => {
  const directory = `${scratch}/machines`;
  for (const path of [
    'bread/usr',
    'bread/etc',
    'bread/dev',
    'bread/proc',
    'bread/sys',
    'bread/run',
    'bread/tmp',
    '.#machinespawn-x',
  ]) {
    mkdirSync(`${directory}/${path}`, { recursive: true });
  }
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, `${directory}/bread/${name}`);
  writeFileSync(`${directory}/toast.raw`, '');
  writeFileSync(`${directory}/note.txt`, '');
  const machines = new MachinesDirectory(directory, `${scratch}/records`);
  expect((await machines.list()).map(({ name, type, holder }) => [name, type, holder])).toEqual([
    ['bread', 'directory', null],
    ['toast', 'raw', null],
  ]);
  expect(existsSync(`${directory}/.#bread.lck`)).toBe(false);
  const options = [
    '-q',
    '--register=no',
    '--keep-unit',
    '--as-pid2',
    `--directory=${directory}/bread`,
    '--bind-ro=/usr',
  ];
  const nspawn = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'systemd-nspawn', ...options, '/bin/sleep', '60'], {
    stdio: 'ignore',
  });
  try {
    for (let trial = 0; trial < 200 && (await machines.find('bread'))?.holder === null; trial += 1) await sleep(25);
    expect((await machines.find('bread'))?.holder).toBe('systemd-nspawn');
    expect((await machines.find('toast'))?.holder).toBe(null);
  } finally {
    nspawn.kill('SIGTERM');
    await new Promise((resolve) => nspawn.once('exit', resolve));
  }
  expect(await machines.find('bread')).toMatchObject({ holder: null });
  expect(await machines.find('nonesuch')).toBe(null);
  expect(await machines.find('../machines')).toBe(null);
});

test('records of machines', async () => {
  const machines = new MachinesDirectory(`${scratch}/none`, `${scratch}/records`);
  expect(await machines.list()).toEqual([]);
  expect(await machines.readRecord('bread')).toBe(null);
  await machines.writeRecord('bread', { image: 'debian-12' });
  expect(await machines.readRecord('bread')).toEqual({ image: 'debian-12' });
  expect(statSync(`${scratch}/records/bread.json`).mode & 0o777).toBe(0o644);
  writeFileSync(`${scratch}/records/bread.json`, '{"image"');
  await expectCode(machines.readRecord('bread'), 'MSP_FILE_UNREADABLE');
  await machines.removeRecord('bread');
  await machines.removeRecord('bread');
  expect(await machines.readRecord('bread')).toBe(null);
});

test('the process enters a private mount namespace, once', () => {
  const program = new URL('../../fixtures/programs/enter-namespace.ts', import.meta.url).pathname;
  const output = execFileSync(process.execPath, [program, 'a b'], { encoding: 'utf8' });
  expect(output).toBe('start\nstart\nprivate true a b\n');
});

test('what an image is, is told by the beginning of what it unpacks to, however much that is', async () => {
  const size = 2 * 1024 ** 3;
  const disk = `(head -c 510 /dev/zero; printf '\\125\\252'; head -c ${size} /dev/zero) | zstd -q -1`;
  const start = execFileSync('sh', ['-c', disk]);
  expect(start.length).toBeLessThan(1024 * 1024);
  const archives = new HostArchives(runPlainly, () => scratch);
  const before = process.resourceUsage().maxRSS;
  expect(await archives.recognize(start)).toMatchObject({ compression: 'zstd', content: 'raw' });
  // In KiB.
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(200 * 1024);
});
