/** Debian architectures, and which of them run natively on which. */
import { fail } from '../errors/machinespawn-error.ts';
import { nearest } from './nearest.ts';

export const archs = ['amd64', 'i386', 'armhf', 'arm64', 'riscv64'] as const;
export type Arch = (typeof archs)[number];

const otherNames: Readonly<Record<string, Arch>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  x64: 'amd64',
  i686: 'i386',
  ia32: 'i386',
  x86: 'i386',
  aarch64: 'arm64',
  armv7l: 'armhf',
  arm: 'armhf',
};

/** Throws MSP_ARCH_UNKNOWN, with the nearest one. */
export function parseArch(text: string): Arch {
  const found = archs.find((arch) => arch === text);
  if (found !== undefined) return found;
  throw fail('MSP_ARCH_UNKNOWN', {
    arch: text,
    known: archs,
    nearest: otherNames[text] ?? nearest(text, archs),
  });
}

/** Node's name of the processor -> Debian's. */
export function archOfNode(name: string): Arch | null {
  const byNode: Readonly<Record<string, Arch>> = {
    x64: 'amd64',
    ia32: 'i386',
    arm: 'armhf',
    arm64: 'arm64',
    riscv64: 'riscv64',
  };
  return byNode[name] ?? null;
}

/** May run without an emulator; whether it does is tried out, since not every arm64 runs armhf. */
export function mayRunNatively(host: Arch, guest: Arch): boolean {
  return host === guest || (host === 'amd64' && guest === 'i386') || (host === 'arm64' && guest === 'armhf');
}

/** Name of the emulator of qemu-user, such as qemu-aarch64. */
export const emulatorOf: Readonly<Record<Arch, string>> = {
  amd64: 'qemu-x86_64',
  i386: 'qemu-i386',
  armhf: 'qemu-arm',
  arm64: 'qemu-aarch64',
  riscv64: 'qemu-riscv64',
};
