import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { errnoCode, unreadable } from './file-error.ts';
import type { FileInfo } from './services.ts';

function typeOf(stats: Stats): FileInfo['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

/** What is at a path, a last symlink not followed; null when there is nothing. Throws MSP_FILE_UNREADABLE. */
export async function fileInfo(path: string): Promise<FileInfo | null> {
  try {
    const stats = await lstat(path);
    return {
      type: typeOf(stats),
      sizeBytes: stats.size,
      usedBytes: stats.blocks * 512,
      mode: stats.mode & 0o7777,
      uid: stats.uid,
      gid: stats.gid,
      mtimeMs: stats.mtimeMs,
    };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoCode(error) ?? '')) return null;
    throw unreadable(path, error);
  }
}
