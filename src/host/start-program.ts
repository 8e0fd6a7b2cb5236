import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Options } from 'execa';
import { cleanEnvironment } from './clean-environment.ts';
import { NamespaceLease } from './namespace-lease.ts';
import { takePipe } from './pipes.ts';
import { readPipe } from './read-pipe.ts';
import { sandboxArgv, withLocks } from './sandbox.ts';
import type { Command } from './services.ts';
import type { Stoppable } from './stopper.ts';

export interface ProgramStart {
  /** The program's absolute path and its arguments. */
  readonly argv: readonly string[];
  readonly command: Command;
  /** In place of the command's `stdin`. */
  readonly input?: Readable | undefined;
  readonly isSandboxed: boolean;
  readonly lockDescriptors: readonly number[];
  readonly onStdout: (bytes: Buffer) => void;
  readonly onStderr: (bytes: Buffer) => void;
  readonly onStatus: ((bytes: Buffer) => void) | null;
}

export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Why it could not be started. */
  readonly problem: string | null;
}

export interface StartedProgram extends Stoppable {
  /** Settles when the program has ended, its namespace with it, and its output is read. */
  readonly ended: Promise<ProgramEnd>;
}

// A daemon that a plain command left behind may hold the output open for ever.
const lingerMs = 2000;

function plainArgv(argv: readonly string[]): readonly string[] {
  return process.umask() === 0o022 ? argv : ['sh', '-c', 'umask 022; exec "$@"', 'sh', ...argv];
}

function killGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has ended.
  }
}

/** Starts a program with true pipes, in a sandbox or in a process group of its own. */
export async function startProgram(start: ProgramStart): Promise<StartedProgram> {
  const { execa } = await import('execa');
  const { command, onStatus } = start;
  const input = start.input ?? command.stdin;
  const [out, err] = [takePipe(), takePipe()];
  const status = onStatus === null ? null : takePipe();
  const lease = start.isSandboxed ? takePipe() : null;
  const binds = command.binds ?? [];
  const [file = '', ...args] = start.isSandboxed
    ? sandboxArgv(start.argv, {
        binds,
        memory: command.memory ?? [],
        status: status !== null,
        ...(command.writable === undefined ? {} : { writable: command.writable }),
      })
    : plainArgv(start.argv);
  const statusEnd = status?.write ?? 'ignore';
  const options = {
    ...(input === undefined ? {} : { input }),
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    stdio: withLocks(
      [
        ...[input === undefined ? 'ignore' : 'pipe', out.write, err.write],
        ...(lease === null ? [statusEnd] : [lease.read, statusEnd, 'ignore']),
      ],
      start.lockDescriptors,
    ),
    env: cleanEnvironment(command.env),
    extendEnv: false,
    buffer: false,
    reject: false,
    // Its own process group: Ctrl-C on the terminal is ours to decide about.
    detached: true,
    cleanup: false,
  };
  // Execa's types know a fixed number of descriptors only.
  const program = execa(file, args, options as unknown as Options);
  for (const descriptor of [out.write, err.write, status?.write, lease?.read]) {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  const held = lease === null ? null : new NamespaceLease(lease.write);
  const readers = [readPipe(out.read, start.onStdout), readPipe(err.read, start.onStderr)];
  if (status !== null && onStatus !== null)
    readers.push(
      readPipe(status.read, onStatus, {
        passing: command.onStatusBytes !== undefined,
        eachMs: command.statusEachMs,
      }),
    );

  const waitForEnd = async (): Promise<ProgramEnd> => {
    const result = await program;
    held?.end();
    const linger = setTimeout(() => readers.forEach((reader) => reader.close()), lingerMs);
    await Promise.all(readers.map((reader) => reader.ended));
    clearTimeout(linger);
    const [exitCode, signal] = [result.exitCode ?? null, result.signal ?? null];
    const problem = exitCode === null && signal === null ? (result.originalMessage ?? 'it did not start') : null;
    return { exitCode, signal, problem };
  };
  return {
    ended: waitForEnd(),
    terminate: () => (held === null ? killGroup(program.pid, 'SIGTERM') : held.signal('TERM')),
    kill: () => (held === null ? killGroup(program.pid, 'SIGKILL') : held.end()),
  };
}
