/** Tells for which architecture a program was built, from the head of its file. */
import type { Arch } from './arch.ts';

/** As many bytes of a file as `elfOf` wants. */
export const elfHeaderBytes = 52;

const softFloat = 0x200;

/** Those that are none of ours, as Debian calls them: 32 and 64 bits, little endian and big. */
const others: Readonly<Record<number, readonly [string, string, string, string] | undefined>> = {
  2: ['sparc', 'sparc', 'sparc', 'sparc'],
  4: ['m68k', 'm68k', 'm68k', 'm68k'],
  8: ['mipsel', 'mips', 'mips64el', 'mips64'],
  15: ['hppa', 'hppa', 'hppa64', 'hppa64'],
  20: ['powerpc', 'powerpc', 'powerpc', 'powerpc'],
  21: ['ppc64el', 'ppc64', 'ppc64el', 'ppc64'],
  22: ['s390', 's390', 's390x', 's390x'],
  40: ['armel', 'armeb', 'armel', 'armeb'],
  42: ['sh4', 'sh4', 'sh4', 'sh4'],
  43: ['sparc64', 'sparc64', 'sparc64', 'sparc64'],
  50: ['ia64', 'ia64', 'ia64', 'ia64'],
  62: ['x32', 'x32', 'x86-64', 'x86-64'],
  183: ['arm64ilp32', 'arm64ilp32', 'arm64', 'aarch64_be'],
  243: ['riscv32', 'riscv32', 'riscv64', 'riscv64'],
  258: ['loong32', 'loong32', 'loong64', 'loong64'],
  0x9026: ['alpha', 'alpha', 'alpha', 'alpha'],
};

export interface ElfKind {
  /** Null for one that is none of ours (armel, s390x and so on). */
  readonly arch: Arch | null;
  /** For a person, such as "s390x" or "machine 4711". */
  readonly name: string;
}

/** Null for what is no ELF file. */
export function elfOf(head: Uint8Array): ElfKind | null {
  if (head.length < elfHeaderBytes || head[0] !== 0x7f || String.fromCharCode(...head.subarray(1, 4)) !== 'ELF')
    return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const is64 = view.getUint8(4) === 2;
  const isLittle = view.getUint8(5) === 1;
  const machine = view.getUint16(18, isLittle);
  const isHardFloat = (view.getUint32(36, isLittle) & softFloat) === 0;
  const arch = isLittle ? ourArch(machine, is64, isHardFloat) : null;
  const name = arch ?? others[machine]?.[(is64 ? 2 : 0) + (isLittle ? 0 : 1)] ?? `machine ${machine}`;
  return { arch, name };
}

function ourArch(machine: number, is64: boolean, isHardFloat: boolean): Arch | null {
  if (is64) return machine === 62 ? 'amd64' : machine === 183 ? 'arm64' : machine === 243 ? 'riscv64' : null;
  if (machine === 3) return 'i386';
  return machine === 40 && isHardFloat ? 'armhf' : null;
}

/** Null for what is no ELF file, too. */
export function archOfElf(head: Uint8Array): Arch | null {
  return elfOf(head)?.arch ?? null;
}

const programHeaderOfInterpreter = 3;

/** Path of the loader that the program asks for, such as "/lib64/ld-linux-x86-64.so.2"; null for a static one. */
export function interpreterOf(head: Uint8Array): string | null {
  if (head.length < 64 || String.fromCharCode(...head.subarray(1, 4)) !== 'ELF') return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const is64 = view.getUint8(4) === 2;
  const word = (at: number): number => (is64 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
  const [table, size, count] = is64
    ? [word(32), view.getUint16(54, true), view.getUint16(56, true)]
    : [word(28), view.getUint16(42, true), view.getUint16(44, true)];
  for (let at = table; at < table + size * count && at + size <= head.length; at += size) {
    if (view.getUint32(at, true) !== programHeaderOfInterpreter) continue;
    const [start, length] = [word(at + (is64 ? 8 : 4)), word(at + (is64 ? 32 : 16))];
    if (start + length > head.length) return null;
    return Buffer.from(head.subarray(start, start + length))
      .toString('latin1')
      .replace(/\0+$/u, '');
  }
  return null;
}
