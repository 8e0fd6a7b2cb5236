/** Reads the table of partitions at the beginning of a disk image. */
import type { Arch } from './arch.ts';

/** As many first bytes as `readPartitionTable` can make use of. */
export const tableBytes = 64 * 1024;

export interface Partition {
  readonly number: number;
  /** A word for the well-known types, the number or GUID otherwise. */
  readonly type: string;
  readonly startBytes: number;
  readonly sizeBytes: number;
}

export interface PartitionTable {
  readonly kind: 'gpt' | 'mbr' | 'none';
  readonly partitions: readonly Partition[];
  /** By the type of its root or /usr partition (Discoverable Partitions Specification); null when none tells. */
  readonly arch: Arch | null;
  /** Where the last partition ends: the image has to be as large. */
  readonly endBytes: number;
  /** Where the disk ends that the table was made for, as a GPT tells by its copy there; 0 for others. */
  readonly diskBytes: number;
}

const sector = 512;
/** Of disks with sectors of 512 bytes, and of those with 4 KiB. */
const gptSectors = [sector, 4096];
const gptTypes: Readonly<Record<string, { readonly word: string; readonly arch?: Arch } | undefined>> = {
  'c12a7328-f81f-11d2-ba4b-00a0c93ec93b': { word: 'esp' },
  'bc13c2ff-59e6-4262-a352-b275fd6f7172': { word: 'xbootldr' },
  '21686148-6449-6e6f-744e-656564454649': { word: 'bios-boot' },
  '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f': { word: 'swap' },
  '0fc63daf-8483-4772-8e79-3d69d8477de4': { word: 'linux' },
  '4f68bce3-e8cd-4db1-96e7-fbcaf984b709': { word: 'root', arch: 'amd64' },
  'b921b045-1df0-41c3-af44-4c6f280d3fae': { word: 'root', arch: 'arm64' },
  '44479540-f297-41b2-9af7-d131d5f0458a': { word: 'root', arch: 'i386' },
  '69dad710-2ce4-4e3c-b16c-21a1d49abed3': { word: 'root', arch: 'armhf' },
  '72ec70a6-cf74-40e6-bd49-4bda08e8f224': { word: 'root', arch: 'riscv64' },
  '8484680c-9521-48c6-9c11-b0720656f69e': { word: 'usr', arch: 'amd64' },
  'b0e01050-ee5f-4390-949a-9101b17104e9': { word: 'usr', arch: 'arm64' },
};

export function readPartitionTable(start: Buffer): PartitionTable {
  const none: PartitionTable = { kind: 'none', partitions: [], arch: null, endBytes: 0, diskBytes: 0 };
  if (start.length < 2 * sector || start.readUInt16LE(510) !== 0xaa55) return none;
  const isGpt = (size: number): boolean =>
    start.length >= 2 * size && start.toString('latin1', size, size + 8) === 'EFI PART';
  const gptSector = gptSectors.find(isGpt);
  if (gptSector !== undefined) return readGpt(start, gptSector);
  // The code that boots from a file system ends with the same two bytes.
  const isTable = [0, 1, 2, 3].every((index) => [0, 0x80].includes(start[446 + 16 * index] ?? 1));
  if (!isTable) return none;
  const partitions = [0, 1, 2, 3].flatMap((index): Partition[] => {
    const at = 446 + 16 * index;
    const type = start[at + 4] ?? 0;
    const [first, count] = [start.readUInt32LE(at + 8), start.readUInt32LE(at + 12)];
    if (type === 0 || count === 0) return [];
    return [{ number: index + 1, type: mbrWord(type), startBytes: first * sector, sizeBytes: count * sector }];
  });
  return partitions.length === 0
    ? none
    : { kind: 'mbr', partitions, arch: null, endBytes: endOf(partitions), diskBytes: 0 };
}

function readGpt(start: Buffer, sectorBytes: number): PartitionTable {
  const first = Number(start.readBigUInt64LE(sectorBytes + 72)) * sectorBytes;
  const [count, size] = [start.readUInt32LE(sectorBytes + 80), start.readUInt32LE(sectorBytes + 84)];
  const partitions: Partition[] = [];
  const archs = new Set<Arch>();
  for (let index = 0; index < Math.min(count, 128); index += 1) {
    const at = first + index * size;
    if (size < 128 || at + 128 > start.length) break;
    const guid = guidOf(start.subarray(at, at + 16));
    if (/^[0-]+$/u.test(guid)) continue;
    const [from, to] = [Number(start.readBigUInt64LE(at + 32)), Number(start.readBigUInt64LE(at + 40))];
    const known = gptTypes[guid];
    if (known?.arch !== undefined) archs.add(known.arch);
    partitions.push({
      number: index + 1,
      type: known?.word ?? guid,
      startBytes: from * sectorBytes,
      sizeBytes: (to - from + 1) * sectorBytes,
    });
  }
  const [arch = null, ...others] = archs;
  const diskBytes = (Number(start.readBigUInt64LE(sectorBytes + 32)) + 1) * sectorBytes;
  return { kind: 'gpt', partitions, arch: others.length > 0 ? null : arch, endBytes: endOf(partitions), diskBytes };
}

/** The first three groups are little-endian. */
function guidOf(bytes: Buffer): string {
  const hex = (from: number, to: number, reversed: boolean): string => {
    const part = bytes.subarray(from, to);
    return Buffer.from(reversed ? part.toReversed() : part).toString('hex');
  };
  return [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)].join('-');
}

function mbrWord(type: number): string {
  const words: Readonly<Record<number, string | undefined>> = { 0x82: 'swap', 0x83: 'linux', 0x8e: 'lvm', 0xef: 'esp' };
  return words[type] ?? `0x${type.toString(16).padStart(2, '0')}`;
}

function endOf(partitions: readonly Partition[]): number {
  return Math.max(0, ...partitions.map(({ startBytes, sizeBytes }) => startBytes + sizeBytes));
}
