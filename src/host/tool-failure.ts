import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import { redact } from '../errors/redact.ts';
import { quoteCommand } from './quote-command.ts';

const tailLines = 20;
const fullDisk = /No space left on device|Disk quota exceeded/u;

/** Remembers what of a program's output its failure is explained with. */
export class FailureNotes {
  readonly #tail: string[] = [];
  #fullDiskLine: string | undefined;

  note(line: string): void {
    if (fullDisk.test(line)) this.#fullDiskLine ??= line;
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
  }

  /** MSP_DISK_FULL when the program said so, else MSP_TOOL_FAILED. `place` stands in where the output names no path. */
  explain(ending: {
    readonly argv: readonly string[];
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly place: string;
    readonly remark?: string;
    /** Was it ended for its silence? */
    readonly isIdle?: boolean;
  }): MachinespawnError {
    const [file = ''] = ending.argv;
    const tail = redact([...this.#tail, ...(ending.remark === undefined ? [] : [ending.remark])].join('\n'));
    const failed = fail('MSP_TOOL_FAILED', {
      tool: file.slice(file.lastIndexOf('/') + 1),
      exitCode: ending.exitCode,
      signal: ending.signal,
      tail,
      command: quoteCommand(ending.argv),
      ...(ending.isIdle === true && { isIdle: true }),
    });
    if (this.#fullDiskLine === undefined) return failed;
    const path = /(?<![\w.])\/[^\s'":‘’]*/u.exec(this.#fullDiskLine)?.[0] ?? ending.place;
    return fail('MSP_DISK_FULL', { path }, failed);
  }
}
