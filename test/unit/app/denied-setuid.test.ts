import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deniedSetuid } from '../../../src/app-denied-setuid.ts';
import { tinyElf } from '../../../src/host/tiny-elf.ts';
import type { Arch } from '../../../src/model/arch.ts';
import { scratchDirectory } from '../host/scratch.ts';

const scratch = scratchDirectory();

function makeMachine(
  name: string,
  arch: Arch,
  setuid: readonly string[],
): { name: string; path: string; type: 'directory'; holder: null; readOnly: false } {
  const path = `${scratch}/${name}`;
  mkdirSync(`${path}/usr/bin`, { recursive: true });
  symlinkSync('usr/bin', `${path}/bin`);
  writeFileSync(`${path}/usr/bin/sh`, tinyElf(arch), { mode: 0o755 });
  for (const program of setuid) {
    writeFileSync(`${path}/usr/bin/${program}`, '');
    chmodSync(`${path}/usr/bin/${program}`, 0o4755);
  }
  return { name, path, type: 'directory', holder: null, readOnly: false };
}

const facts = (ignoresSetuid: boolean) => ({
  arch: 'amd64' as const,
  canRun: () =>
    Promise.resolve({ runs: 'qemu' as const, problem: null, ...(ignoresSetuid && { ignoresSetuid: true as const }) }),
});

test('setuid programs of machines that an emulator runs are found where its flags deny them', async () => {
  const machines = [
    makeMachine('own', 'amd64', ['su']),
    makeMachine('foreign', 'arm64', ['su', 'passwd']),
    makeMachine('none', 'armhf', []),
  ];
  expect(await deniedSetuid(facts(true), machines)).toEqual([
    { machine: 'foreign', arch: 'arm64', programs: ['passwd', 'su'] },
  ]);
  expect(await deniedSetuid(facts(false), machines)).toEqual([]);
});
