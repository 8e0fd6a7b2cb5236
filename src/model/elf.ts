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
