import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { cancelled } from './cancelled.ts';
import { errnoCode, unreadable } from './file-error.ts';
import type { Digested } from './net-services.ts';

const chunkBytes = 1024 * 1024;
const absent: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'];

/** SHA-256 of a file, 64 hex digits; null when there is no file, or something else. Throws MSP_FILE_UNREADABLE. */
export async function fileDigest(path: string): Promise<string | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    await using handle = await open(path, flags);
    return (await handle.stat()).isFile() ? (await digestOf(handle)).sha256 : null;
  } catch (error) {
    if (absent.includes(errnoCode(error))) return null;
    throw unreadable(path, error);
  }
}

/** Of whatever can be read there, symlinks followed. Throws MSP_FILE_UNREADABLE, MSP_CANCELLED. */
export async function digestFile(
  path: string,
  signal: AbortSignal,
  onProgress?: (doneBytes: number) => void,
): Promise<Digested> {
  try {
    await using handle = await open(path);
    return await digestOf(handle, signal, onProgress);
  } catch (error) {
    throw signal.aborted ? cancelled(signal) : unreadable(path, error);
  }
}

async function digestOf(
  handle: FileHandle,
  signal?: AbortSignal,
  onProgress?: (doneBytes: number) => void,
): Promise<Digested> {
  const hash = createHash('sha256');
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(Math.min(size + 1, chunkBytes));
  let sizeBytes = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), sizeBytes };
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
    onProgress?.(sizeBytes);
  }
}
