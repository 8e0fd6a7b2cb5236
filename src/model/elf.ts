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
