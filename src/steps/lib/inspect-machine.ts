/** Reads what a machine's files say about it. */
import type { RootFiles } from '../../host/services.ts';
import type { Arch } from '../../model/arch.ts';
import { archOfElf, elfHeaderBytes } from '../../model/elf.ts';
import { parseOsRelease, type OsRelease } from '../../model/os-release.ts';

/** Of /etc, or of /usr/lib (os-release(5)); null when there is none. */
export async function readOsRelease(root: Pick<RootFiles, 'readText'>): Promise<OsRelease | null> {
  const text = (await root.readText('/etc/os-release')) ?? (await root.readText('/usr/lib/os-release'));
  return text === null ? null : parseOsRelease(text);
}

/** By the header of its shell; null when there is none that we know. */
export async function readArch(root: Pick<RootFiles, 'readStart'>): Promise<Arch | null> {
  const head = await root.readStart('/bin/sh', elfHeaderBytes);
  return head === null ? null : archOfElf(head);
}

/** Null when it has none yet. */
export async function readMachineId(root: Pick<RootFiles, 'readText'>): Promise<string | null> {
  const text = (await root.readText('/etc/machine-id'))?.trim() ?? '';
  return /^[0-9a-f]{32}$/u.test(text) ? text : null;
}
