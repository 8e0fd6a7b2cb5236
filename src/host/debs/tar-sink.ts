import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { tarEnd } from '../../model/tar-file.ts';
import type { Exec } from '../exec.ts';
import type { ExecContext } from '../exec-settings.ts';
import type { Command } from '../services.ts';

/** A tar process that lives as long as there are archives to unpack. */
export class TarSink {
  readonly #input = new PassThrough({ highWaterMark: 1024 * 1024 });
  readonly #ended: Promise<unknown>;
  readonly #failed: Promise<never>;
  #fault: { readonly error: unknown } | null = null;

  /** `context.signal` ends it in the middle. */
  constructor(exec: Exec, command: Command, context: ExecContext) {
    this.#input.on('error', () => undefined);
    this.#ended = exec.run(command, { ...context, input: this.#input });
    this.#failed = this.#ended.then(
      () => Promise.reject(new TypeError('tar ended before its input')),
      (error: unknown) => {
        this.#fault = { error };
        throw error;
      },
    );
    this.#failed.catch(() => undefined);
  }

  /** Waits while the pipe is full. Throws what became of tar: MSP_TOOL_FAILED, MSP_DISK_FULL, MSP_CANCELLED. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#fault !== null) throw this.#fault.error;
    if (!this.#input.write(bytes)) await Promise.race([once(this.#input, 'drain'), this.#failed]);
  }

  /** No more archives: waits until everything is written. */
  async end(): Promise<void> {
    this.#input.end(tarEnd);
    await this.#ended;
  }

  /** In the middle of an archive: tar complains, and nobody listens. */
  async abandon(): Promise<void> {
    this.#input.end();
    await this.#ended.catch(() => undefined);
  }
}
