import { fail } from '../errors/machinespawn-error.ts';
import { cancelled } from './cancelled.ts';
import { execOnTerminal } from './exec-on-terminal.ts';
import type { ExecContext, ExecSettings } from './exec-settings.ts';
import { requireProgram } from './find-program.ts';
import { LineSplitter } from './line-splitter.ts';
import { OutputTail } from './output-tail.ts';
import type { Command, CommandResult } from './services.ts';
import { startProgram } from './start-program.ts';
import { Stopper } from './stopper.ts';
import { FailureNotes } from './tool-failure.ts';

const tailBytes = 1024 * 1024;

/** The one door to processes. */
export class Exec {
  readonly #settings: ExecSettings;

  constructor(settings: ExecSettings) {
    this.#settings = settings;
  }

  /** Throws MSP_TOOL_MISSING, MSP_TOOL_FAILED, MSP_DISK_FULL, MSP_CANCELLED; MSP_ROOT_NEEDED for binds without root. */
  async run(command: Command, context: ExecContext): Promise<CommandResult> {
    const { signal } = context;
    if (signal.aborted) throw cancelled(signal);
    const argv = [await requireProgram(command.file), ...command.args];
    const isSandboxed = this.#settings.isRoot && command.sandbox !== false;
    if (isSandboxed) await Promise.all([requireProgram('setpriv'), requireProgram('unshare')]);
    else if (command.binds?.length) throw fail('MSP_ROOT_NEEDED', { command: `sudo ${command.file}` });

    const notes = new FailureNotes();
    const [stdout, stderr] = [
      new OutputTail(command.wholeOutput === true ? Infinity : tailBytes),
      new OutputTail(tailBytes),
    ];
    const onLine = (line: string): void => {
      notes.note(line);
      context.onOutput?.(line);
      command.onLine?.(line);
    };
    const { onStatusLine, onStatusBytes } = command;
    const [outLines, errLines] = [new LineSplitter(onLine), new LineSplitter(onLine)];
    const statusLines = onStatusLine === undefined ? null : new LineSplitter(onStatusLine);
    let stopper: Stopper | null = null;
    const program = await startProgram({
      argv,
      command,
      input: context.input,
      isSandboxed,
      lockDescriptors: context.lockDescriptors?.() ?? [],
      onStdout: (bytes) => {
        stopper?.heard();
        if (command.onBytes !== undefined) return command.onBytes(bytes);
        stdout.push(bytes);
        outLines.push(bytes);
      },
      onStderr: (bytes) => {
        stopper?.heard();
        stderr.push(bytes);
        errLines.push(bytes);
      },
      onStatus:
        onStatusBytes ??
        (statusLines === null
          ? null
          : (bytes) => {
              stopper?.heard();
              statusLines.push(bytes);
            }),
    });
    const { graceMs = 10_000, kill } = this.#settings;
    const { giveUp, timeoutMs, idleMs } = command;
    const hard = AbortSignal.any([kill, giveUp].filter((one) => one !== undefined));
    stopper = new Stopper(program, { graceMs, timeoutMs, idleMs, signal, kill: hard });
    const { exitCode, signal: endedBy, problem } = await program.ended;
    stopper.release();
    for (const lines of [outLines, errLines, statusLines]) lines?.end();

    if (kill?.aborted === true) throw cancelled(kill);
    if (signal.aborted) throw cancelled(signal);
    const given = giveUp?.aborted === true ? 'it was given up' : problem;
    const remark = remarkOf(stopper, command) ?? given;
    if (remark === null && exitCode !== null && (command.okCodes ?? [0]).includes(exitCode)) {
      return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
    }
    const place = command.cwd ?? '/';
    throw notes.explain({
      argv,
      exitCode,
      signal: endedBy,
      place,
      isIdle: stopper.isIdle,
      ...(remark === null ? {} : { remark }),
    });
  }

  /** The caller's terminal belongs to the program until it ends. Throws MSP_TOOL_MISSING, MSP_CANCELLED. */
  async onTerminal(
    command: Pick<Command, 'file' | 'args' | 'env' | 'sandbox' | 'memory'>,
    context: ExecContext,
  ): Promise<{ readonly exitCode: number }> {
    return await execOnTerminal(this.#settings, command, context);
  }
}

function remarkOf({ isTimedOut, isIdle }: Stopper, { timeoutMs = 0, idleMs = 0 }: Command): string | null {
  if (isTimedOut) return `it did not end within ${timeoutMs / 1000} s`;
  return isIdle ? `it said nothing for ${idleMs / 1000} s` : null;
}
