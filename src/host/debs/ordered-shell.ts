import { PassThrough } from 'node:stream';
import type { Exec } from '../exec.ts';
import type { ExecContext } from '../exec-settings.ts';
import type { Command } from '../services.ts';

/**
 * A shell that does what it is told, line by line: starting programs from it costs a tenth of what it costs from a large
 * process. Its script reads an order from standard input, does it, and writes one line to descriptor 3 as the answer.
 */
export class OrderedShell {
  readonly #orders = new PassThrough();
  readonly #ended: Promise<unknown>;
  #waiting: readonly PromiseWithResolvers<string>[] = [];

  /** `context.signal` ends it in the middle. */
  constructor(
    exec: Exec,
    context: ExecContext,
    { script, args, ...command }: Omit<Command, 'file' | 'stdin'> & { readonly script: string },
  ) {
    this.#orders.on('error', () => undefined);
    const onStatusLine = (answer: string): void => {
      const [next, ...others] = this.#waiting;
      this.#waiting = others;
      next?.resolve(answer);
    };
    const argv = { file: 'sh', args: ['-c', script, 'sh', ...args] };
    this.#ended = exec.run({ ...command, ...argv, onStatusLine }, { ...context, input: this.#orders });
    const fault = this.#ended.then(() => Promise.reject(new TypeError('the shell ended before its orders')));
    fault.catch((error: unknown) => {
      for (const { reject } of this.#waiting) reject(error);
      this.#waiting = [];
    });
  }

  /** Gives the answer. Throws what became of the shell when it ended instead: MSP_TOOL_FAILED, MSP_DISK_FULL, MSP_CANCELLED. */
  async order(line: string): Promise<string> {
    const waiting = Promise.withResolvers<string>();
    this.#waiting = [...this.#waiting, waiting];
    this.#orders.write(`${line}\n`);
    return await Promise.race([waiting.promise, this.#ended.then(() => waiting.promise)]);
  }

  /** No more orders: waits until it has ended. */
  async end(): Promise<void> {
    this.#orders.end();
    await this.#ended;
  }

  /** The same, and does not ask what became of it. */
  async abandon(): Promise<void> {
    await this.end().catch(() => undefined);
  }
}
