import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errnoCode, unreadable } from './file-error.ts';

const chunkBytes = 1024 * 1024;

/** SHA-256 of a file, 64 hex digits; null when there is no file, or something else. Throws MSP_FILE_UNREADABLE. */
export async function fileDigest(path: string): Promise<string | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return null;
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(Math.min(stats.size + 1, chunkBytes));
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoCode(error) ?? '')) return null;
    throw unreadable(path, error);
  }
}
