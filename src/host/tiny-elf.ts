import type { Arch } from '../model/arch.ts';

interface Machine {
  readonly is64Bit: boolean;
  readonly machine: number;
  readonly flags: number;
  /** exit(0) */
  readonly code: string;
}

const machines: Readonly<Record<Arch, Machine>> = {
  // mov $60,%eax; xor %edi,%edi; syscall
  amd64: { is64Bit: true, machine: 62, flags: 0, code: 'b83c00000031ff0f05' },
  // mov $1,%eax; xor %ebx,%ebx; int $0x80
  i386: { is64Bit: false, machine: 3, flags: 0, code: 'b80100000031dbcd80' },
  // mov r0,#0; mov r7,#1; svc 0
  armhf: { is64Bit: false, machine: 40, flags: 0x05000400, code: '0000a0e30170a0e3000000ef' },
  // mov x0,#0; mov x8,#93; svc #0
  arm64: { is64Bit: true, machine: 183, flags: 0, code: '000080d2a80b80d2010000d4' },
  // li a0,0; li a7,93; ecall
  riscv64: { is64Bit: true, machine: 243, flags: 5, code: '130500009308d00573000000' },
};

// A multiple of the largest page size, 64 KiB.
const address = 0x400000;

/** The smallest static program of an architecture: it ends with code 0. */
export function tinyElf(arch: Arch): Buffer {
  const { is64Bit, machine, flags, code } = machines[arch];
  const body = Buffer.from(code, 'hex');
  const headerSize = is64Bit ? 64 : 52;
  const segmentSize = is64Bit ? 56 : 32;
  const start = headerSize + segmentSize;
  const fields: (readonly [bytes: 2 | 4 | 8, value: number])[] = [];
  const word = is64Bit ? 8 : 4;
  const put = (...added: typeof fields): void => void fields.push(...added);
  put([2, 2], [2, machine], [4, 1], [word, address + start], [word, headerSize], [word, 0], [4, flags]);
  put([2, headerSize], [2, segmentSize], [2, 1], [2, 0], [2, 0], [2, 0]);
  put([4, 1]);
  if (is64Bit) put([4, 5]);
  const size = start + body.length;
  put([word, 0], [word, address], [word, address], [word, size], [word, size]);
  if (!is64Bit) put([4, 5]);
  put([word, 0x10000]);
  const bytes = fields.map(([length, value]) => {
    const buffer = Buffer.alloc(length);
    buffer.writeUIntLE(value, 0, Math.min(length, 6));
    return buffer;
  });
  const ident = Buffer.from([0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([ident, ...bytes, body]);
}
