import { spawn, type IOType } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { cancelled } from './cancelled.ts';
import { cleanEnvironment } from './clean-environment.ts';
import type { ExecContext, ExecSettings } from './exec-settings.ts';
import { requireProgram } from './find-program.ts';
import { NamespaceLease } from './namespace-lease.ts';
import { takePipe } from './pipes.ts';
import { sandboxArgv, withLocks } from './sandbox.ts';
import type { Command } from './services.ts';
import { Stopper } from './stopper.ts';
import { FailureNotes } from './tool-failure.ts';

const ignore = (): void => undefined;

/**
 * Lends the caller's terminal to a program. It stays in our process group, or it could not read the terminal, and
 * SIGINT is the program's while it runs. Gives its exit code, 128 + n for a signal. Throws MSP_TOOL_MISSING, MSP_CANCELLED.
 */
export async function execOnTerminal(
  settings: ExecSettings,
  command: Pick<Command, 'file' | 'args' | 'env' | 'sandbox' | 'memory'>,
  context: ExecContext,
): Promise<{ readonly exitCode: number }> {
  if (context.signal.aborted) throw cancelled(context.signal);
  const argv = [await requireProgram(command.file), ...command.args];
  const lease = settings.isRoot && command.sandbox !== false ? takePipe() : null;
  const [file = '', ...args] =
    lease === null ? argv : sandboxArgv(argv, { terminal: true, memory: command.memory ?? [] });
  const locks = context.lockDescriptors?.() ?? [];
  process.on('SIGINT', ignore);
  const program = spawn(file, args, {
    stdio: [...withLocks<IOType | number>(['inherit', 'inherit', 'inherit', lease?.read ?? 'ignore'], locks)],
    env: cleanEnvironment({ ...(settings.term === undefined ? {} : { TERM: settings.term }), ...command.env }),
  });
  if (lease !== null) closeSync(lease.read);
  const held = lease === null ? null : new NamespaceLease(lease.write);
  const stopper = new Stopper(
    {
      terminate: () => (held === null ? program.kill('SIGTERM') : held.signal('TERM')),
      kill: () => (held === null ? program.kill('SIGKILL') : held.end()),
    },
    { graceMs: settings.graceMs ?? 10_000, signal: context.signal, kill: settings.kill },
  );
  try {
    return await new Promise((resolve, reject) => {
      program.once('error', (error) =>
        reject(new FailureNotes().explain({ argv, exitCode: null, signal: null, place: '/', remark: error.message })),
      );
      program.once('exit', (code, signal) =>
        resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) }),
      );
    });
  } finally {
    stopper.release();
    held?.end();
    process.off('SIGINT', ignore);
  }
}
