/** Where the data of a packed file ends, when zeros follow that the program for it would take for damage. */
import { open } from 'node:fs/promises';
import type { Compression } from '../model/archive-form.ts';
import { unreadable } from './file-error.ts';
import { zstdEnd } from './zstd-end.ts';

const blockBytes = 64 * 1024;

/** Null where the whole file is to be read. Throws MSP_FILE_UNREADABLE. */
export async function packedEnd(path: string, compression: Compression): Promise<number | null> {
  if (compression === 'zstd') return await zstdEnd(path);
  return compression === 'xz' ? await xzEnd(path) : null;
}

/** xz itself takes four zeros, or eight, but not five. What it makes never ends with one: the last bytes are "YZ". */
async function xzEnd(path: string): Promise<number | null> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(blockBytes);
      for (let end = size; end > 0;) {
        const start = Math.max(0, end - blockBytes);
        const { bytesRead } = await file.read(buffer, 0, end - start, start);
        const last = buffer.subarray(0, bytesRead).findLastIndex((byte) => byte !== 0);
        if (last >= 0) return start + last + 1 === size ? null : start + last + 1;
        end = start;
      }
      return null;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}
