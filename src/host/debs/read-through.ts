import { open } from 'node:fs/promises';
import { unreadable } from '../file-error.ts';

const pieceBytes = 256 * 1024;
/** Memory that comes and goes costs more than the reading: it is used again. */
const spare: Buffer[] = [];

/** Reads a file, or the part of it from `start` on; `onBytes` gets pieces that are good during the call only. Throws MSP_FILE_UNREADABLE. */
export async function readThrough(
  path: string,
  onBytes: (bytes: Buffer) => void | Promise<void>,
  { start = 0, sizeBytes = Infinity }: { readonly start?: number; readonly sizeBytes?: number } = {},
): Promise<void> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  try {
    for (let done = 0; done < sizeBytes;) {
      const wanted = Math.min(pieceBytes, sizeBytes - done);
      const { bytesRead } = await file.read(buffer, 0, wanted, start + done).catch((error: unknown) => {
        throw unreadable(path, error);
      });
      if (bytesRead === 0) return;
      done += bytesRead;
      await onBytes(buffer.subarray(0, bytesRead));
    }
  } finally {
    spare.push(buffer);
    await file.close();
  }
}
