/** What comes in through standard input, kept to its end. */
import { addAbortSignal } from 'node:stream';
import { fail } from '../errors/machinespawn-error.ts';
import { cancelled } from './cancelled.ts';
import { unreadable } from './file-error.ts';
import { PartialFile } from './partial-file.ts';
import type { Digested, TakeInputOptions } from './net-services.ts';

/** Throws MSP_DOWNLOAD_TOO_LARGE, MSP_DISK_FULL, MSP_SPACE_LOW, MSP_FILE_UNREADABLE. */
export async function takeInput(signal: AbortSignal, options: TakeInputOptions): Promise<Digested> {
  const partial = await PartialFile.open(options.partial);
  // A pipe may be one that does not block, which a plain read of the descriptor would take for an error.
  const stream = addAbortSignal(signal, process.stdin);
  try {
    // It cannot be had a second time, so nothing of an earlier one is of use.
    await partial.begin({ url: '-', etag: null, lastModified: null, totalBytes: null });
    for await (const chunk of stream) {
      await partial.append(chunk as Buffer);
      if (partial.size > (options.maxBytes ?? Infinity))
        throw fail('MSP_DOWNLOAD_TOO_LARGE', { url: 'standard input', maxBytes: options.maxBytes ?? 0 });
      options.onProgress?.(partial.size);
    }
    const { size: sizeBytes } = partial;
    await partial.settle();
    const sha256 = partial.digest();
    await partial.publish(options.path(sha256), true);
    return { sha256, sizeBytes };
  } catch (error) {
    await partial.discard();
    throw signal.aborted ? cancelled(signal) : unreadable('standard input', error);
  } finally {
    await partial.close();
  }
}
