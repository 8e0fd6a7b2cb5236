import { closeSync, constants, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { MachinespawnError } from '../errors/machinespawn-error.ts';
import { unwritable } from './file-error.ts';
import { fail } from '../errors/machinespawn-error.ts';

/** A file that only grows, and whose text is durable when `append` returns. */
export class JournalFile {
  readonly #path: string;
  readonly #descriptor: number;
  #size: number;
  #failure: MachinespawnError | null = null;

  /** Cuts the file to its first `keepBytes` bytes, durably. Throws MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
  constructor(path: string, keepBytes: number) {
    this.#path = path;
    this.#size = keepBytes;
    try {
      this.#descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
      const { size } = fstatSync(this.#descriptor);
      if (size < keepBytes) {
        throw fail('MSP_FILE_UNWRITABLE', {
          path,
          problem: `it has ${size} bytes, and ${keepBytes} of them are to be kept`,
        });
      }
      if (size > keepBytes) ftruncateSync(this.#descriptor, keepBytes);
      fsyncSync(this.#descriptor);
      syncDirectoryNow(dirname(path));
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Throws MSP_DISK_FULL, after which the file is as before and may be tried again; MSP_FILE_UNWRITABLE for good. */
  append(text: string): void {
    if (this.#failure !== null) throw this.#failure;
    const bytes = Buffer.from(text);
    try {
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#size + written);
      }
      fdatasyncSync(this.#descriptor);
      this.#size += bytes.length;
    } catch (error) {
      const failure = unwritable(this.#path, error);
      // After a failed sync nobody knows what is on the disk.
      if (failure.code !== 'MSP_DISK_FULL') this.#failure = failure;
      this.#cutBack(failure);
      throw failure;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #cutBack(failure: MachinespawnError): void {
    try {
      ftruncateSync(this.#descriptor, this.#size);
    } catch {
      // A torn last line is cut off when the journal is opened again.
      this.#failure = failure;
    }
  }
}

/** Makes the names in a directory durable. */
function syncDirectoryNow(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
