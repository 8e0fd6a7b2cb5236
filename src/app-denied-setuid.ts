/** Machines of other architectures whose setuid programs get no rights: the kernel gives them only where an emulator has the flag C. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SystemFacts } from './host/facts.ts';
import type { MachineEntry } from './host/services.ts';
import { TreeFiles } from './host/root-files.ts';
import { archOfElf, elfHeaderBytes } from './model/elf.ts';
import type { Arch } from './model/arch.ts';

const setuidOrSetgid = 0o6000;
const directories = ['bin', 'sbin', 'usr/bin', 'usr/sbin'];

export interface DeniedSetuid {
  readonly machine: string;
  readonly arch: Arch;
  /** Names, sorted. */
  readonly programs: readonly string[];
}

export async function deniedSetuid(
  facts: Pick<SystemFacts, 'arch' | 'canRun'>,
  machines: readonly MachineEntry[],
): Promise<readonly DeniedSetuid[]> {
  const found: DeniedSetuid[] = [];
  for (const { name, path, type } of machines) {
    const arch = type === 'raw' ? null : await archOf(path);
    if (arch === null || arch === facts.arch || (await facts.canRun(arch)).ignoresSetuid !== true) continue;
    const programs = await setuidPrograms(path);
    if (programs.length > 0) found.push({ machine: name, arch, programs });
  }
  return found;
}

async function archOf(path: string): Promise<Arch | null> {
  const refuse = (): Promise<never> => Promise.reject(new TypeError('looking starts no program'));
  const head = await new TreeFiles(path, refuse).readStart('/bin/sh', elfHeaderBytes);
  return head === null ? null : archOfElf(head);
}

/** Where programs are; a link to such a directory is not followed. */
async function setuidPrograms(tree: string): Promise<readonly string[]> {
  const programs: string[] = [];
  for (const directory of directories.map((name) => join(tree, name))) {
    if ((await lstat(directory).catch(() => null))?.isDirectory() !== true) continue;
    for (const name of await readdir(directory)) {
      const info = await lstat(join(directory, name)).catch(() => null);
      if (info?.isFile() === true && (info.mode & setuidOrSetgid) !== 0) programs.push(name);
    }
  }
  return programs.toSorted();
}
