/** Where the last frame of a zstd file ends (RFC 8878, 3.1): zstd itself takes zeros behind it for damage. */
import { open, type FileHandle } from 'node:fs/promises';
import { skippableMagic, zstdMagic } from '../model/archive-form.ts';
import { unreadable } from './file-error.ts';

const blockBytes = 64 * 1024;
/** A terabyte has no more, unless somebody made it to keep us busy. */
const mostBlocks = 10_000_000;

/** Bytes of the frames when nothing but zeros follows them; null for every other file. Throws MSP_FILE_UNREADABLE. */
export async function zstdEnd(path: string): Promise<number | null> {
  const handle = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const { size } = await handle.stat();
    const last = await read(handle, size - 1, 1);
    if (last?.[0] !== 0) return null;
    let end = 0;
    const left = { blocks: mostBlocks };
    for (let next: number | null = 0; next !== null && next <= size; next = await frameEnd(handle, end, left))
      end = next;
    return end > 0 && end < size && (await isZero(handle, end)) ? end : null;
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await handle.close();
  }
}

/** Null where no frame begins. */
async function frameEnd(handle: FileHandle, at: number, left: { blocks: number }): Promise<number | null> {
  const head = await read(handle, at, 8);
  left.blocks -= 1;
  if (head === null || left.blocks < 0) return null;
  const magic = head.readUInt32LE(0);
  if ((magic & 0xff_ff_ff_f0) >>> 0 === skippableMagic) return at + 8 + head.readUInt32LE(4);
  if (magic !== zstdMagic) return null;
  const descriptor = head[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let block = at + 5 + (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let isLast = false; !isLast;) {
    const header = (await read(handle, block, 3))?.readUIntLE(0, 3);
    left.blocks -= 1;
    // A block without data that is not the last: these are zeros, or nobody's work.
    if (header === undefined || header === 0 || left.blocks < 0) return null;
    isLast = (header & 1) !== 0;
    // One byte that is repeated.
    const isRun = ((header >> 1) & 3) === 1;
    block += 3 + (isRun ? 1 : header >> 3);
  }
  return block + ((descriptor & 4) === 0 ? 0 : 4);
}

async function isZero(handle: FileHandle, from: number): Promise<boolean> {
  const buffer = Buffer.alloc(blockBytes);
  for (let at = from; ;) {
    const { bytesRead } = await handle.read(buffer, 0, blockBytes, at);
    if (bytesRead === 0) return true;
    if (buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) return false;
    at += bytesRead;
  }
}

/** Null where there is less. */
async function read(handle: FileHandle, at: number, bytes: number): Promise<Buffer | null> {
  if (at < 0) return null;
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, at);
  return bytesRead === bytes ? buffer : null;
}
