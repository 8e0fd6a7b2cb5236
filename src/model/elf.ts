/** Tells for which architecture a program was built, from the head of its file. */
import type { Arch } from './arch.ts';

/** As many bytes of a file as `archOfElf` wants. */
export const elfHeaderBytes = 52;

const softFloat = 0x200;

/** Null for what is no ELF file, and for architectures that are none of ours (armel, x32, big-endian). */
export function archOfElf(head: Uint8Array): Arch | null {
  if (head.length < elfHeaderBytes || head[0] !== 0x7f || String.fromCharCode(...head.subarray(1, 4)) !== 'ELF')
    return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const is64 = view.getUint8(4) === 2;
  if (view.getUint8(5) !== 1) return null;
  const machine = view.getUint16(18, true);
  if (is64) return machine === 62 ? 'amd64' : machine === 183 ? 'arm64' : machine === 243 ? 'riscv64' : null;
  if (machine === 3) return 'i386';
  return machine === 40 && (view.getUint32(36, true) & softFloat) === 0 ? 'armhf' : null;
}

const interpreterSegment = 3;

/** Is it dynamic: does it name another program that loads it? False for what is no ELF file. */
export function needsLoader(file: Uint8Array): boolean {
  if (archOfElf(file) === null) return false;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const is64 = view.getUint8(4) === 2;
  const start = is64 ? Number(view.getBigUint64(32, true)) : view.getUint32(28, true);
  const size = view.getUint16(is64 ? 54 : 42, true);
  const count = view.getUint16(is64 ? 56 : 44, true);
  return Array.from({ length: count }, (_, index) => start + index * size)
    .filter((place) => place + 4 <= file.length)
    .some((place) => view.getUint32(place, true) === interpreterSegment);
}
