/** An emulator that the kernel knows by its path only, as without the flag F: in a tree it is there for the time of the work. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Exec } from '../../../src/host/exec.ts';
import { TreeFiles } from '../../../src/host/root-files.ts';
import type { StepServices } from '../../../src/host/services.ts';
import { tinyElf } from '../../../src/host/tiny-elf.ts';
import { withEmulator } from '../../../src/steps/lib/with-emulator.ts';
import { expectCode, runPlainly, scratchDirectory } from '../../unit/host/scratch.ts';

const scratch = scratchDirectory();
const table = '/proc/sys/fs/binfmt_misc';
const entry = `machinespawn-test-${process.pid}`;
const emulator = '/usr/bin/qemu-aarch64-static';
const mark = Buffer.from('MSPTEST\0');

// Only programs with this mark in their header are meant, so that nobody else on this computer has it otherwise than before.
beforeAll(() => {
  const escaped = (bytes: Buffer): string =>
    [...bytes].map((byte) => String.raw`\x` + byte.toString(16).padStart(2, '0')).join('');
  const magic = Buffer.concat([tinyElf('arm64').subarray(0, 8), mark]);
  writeFileSync(`${table}/register`, `:${entry}:M::${escaped(magic)}::${emulator}:`);
});
afterAll(() => {
  if (existsSync(`${table}/${entry}`)) writeFileSync(`${table}/${entry}`, '-1');
});

test('a foreign program runs in a tree, and nothing of the emulator stays there', async () => {
  const tree = `${scratch}/tree`;
  mkdirSync(tree);
  const program = tinyElf('arm64');
  mark.copy(program, 8);
  writeFileSync(`${tree}/program`, program, { mode: 0o755 });
  const exec = new Exec({ isRoot: true });
  const { signal } = new AbortController();
  const facts = { canRun: () => Promise.resolve({ runs: 'qemu', problem: null, emulatorToBind: emulator } as const) };
  const run = (binds: Parameters<Parameters<typeof withEmulator>[3]>[0]) =>
    exec.run({ file: 'chroot', args: [tree, '/program'], binds }, { signal });

  await expectCode(run([]), 'MSP_TOOL_FAILED');
  const services = { facts } as unknown as StepServices;
  const { exitCode } = await withEmulator({ services }, new TreeFiles(tree, runPlainly), 'arm64', run);
  expect(exitCode).toBe(0);
  expect(readdirSync(tree)).toEqual(['program']);
});
