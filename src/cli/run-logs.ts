/** Logs of the attempts of a run's steps, printed as they grow. */
import { createReadStream } from 'node:fs';
import type { RunDetail } from '../app-types.ts';
import { fail } from '../errors/machinespawn-error.ts';
import type { Terminal } from './terminal.ts';

export interface LogChoice {
  readonly step: string | undefined;
  readonly attempt: number | undefined;
  /** Only steps that failed. */
  readonly failed: boolean;
}

interface Log {
  readonly title: string;
  readonly file: string;
}

export function logsOf(detail: Pick<RunDetail, 'stepDetails'>, { step, attempt, failed }: LogChoice): readonly Log[] {
  return detail.stepDetails
    .filter(({ id, status }) => (step === undefined || id === step) && (!failed || status === 'failed'))
    .flatMap(({ id, logs }) =>
      logs
        .map((file, index) => ({ title: `${id}, attempt ${index + 1}`, file, number: index + 1 }))
        .filter(({ number }) => attempt === undefined || number === attempt),
    );
}

export class LogPrinter {
  readonly #terminal: Terminal;
  /** Bytes of each file that were printed. */
  readonly #printed = new Map<string, number>();
  /** A letter may come in two pieces. */
  readonly #decoders = new Map<string, InstanceType<typeof TextDecoder>>();
  #current: string | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** No file was there at all. */
  get isEmpty(): boolean {
    return this.#printed.size === 0;
  }

  /** Prints what came since the last call; `titled`: under the names of the attempts. */
  async print(logs: readonly Log[], titled: boolean): Promise<void> {
    for (const { title, file } of logs) await this.#printOne(file, titled ? title : null);
  }

  async #printOne(file: string, title: string | null): Promise<void> {
    const start = this.#printed.get(file) ?? 0;
    let length = 0;
    const decoder = this.#decoders.get(file) ?? new TextDecoder();
    this.#decoders.set(file, decoder);
    if (start === 0 && !this.#printed.has(file)) this.#showTitle(file, title);
    try {
      for await (const chunk of createReadStream(file, { start })) {
        this.#showTitle(file, title);
        length += (chunk as Buffer).length;
        this.#terminal.stdout.write(decoder.decode(chunk as Buffer, { stream: true }));
      }
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw fail('MSP_FILE_UNREADABLE', { path: file, problem }, error);
    }
    this.#printed.set(file, start + length);
  }

  #showTitle(file: string, title: string | null): void {
    if (title !== null && this.#current !== file) this.#terminal.out(`== ${title} ==`);
    this.#current = file;
  }
}
