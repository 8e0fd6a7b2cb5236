import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { redact } from '../errors/redact.ts';
import { isFull, unwritable } from './file-error.ts';

/** The log of one attempt of a step: evidence, and not needed to go on. Credentials are taken out. */
export class AttemptLog {
  readonly path: string;
  readonly #descriptor: number;
  #isOpen = true;

  /** Throws MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      this.#descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o600);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  write(line: string): void {
    if (!this.#isOpen) return;
    try {
      writeSync(this.#descriptor, `${redact(line)}\n`);
    } catch (error) {
      // The step itself will meet the full disk; losing its log must not hide that.
      if (!isFull(error)) throw unwritable(this.path, error);
    }
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }
}
