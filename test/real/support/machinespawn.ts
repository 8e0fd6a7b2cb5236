/** The command line as a process of its own, as a user starts it, in directories of the test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { newDirectory } from './shared-place.ts';

const repository = join(import.meta.dirname, '../../..');
/** Another build of the command line to test, such as one that was installed. */
export const programVariable = 'MACHINESPAWN_TEST_PROGRAM';
export const program = process.env[programVariable] ?? join(repository, 'bin/machinespawn.cjs');

export interface Place {
  readonly root: string;
  readonly machines: string;
  readonly cache: string;
  readonly state: string;
}

/** Machines, cache and state of their own, at most sharing the cache of another place. */
export function newPlace(label: string, shared: { readonly cache?: string } = {}): Place {
  const root = newDirectory(label);
  const place = {
    root,
    machines: join(root, 'machines'),
    cache: shared.cache ?? join(root, 'cache'),
    state: join(root, 'state'),
  };
  mkdirSync(place.machines, { recursive: true, mode: 0o700 });
  return place;
}

export interface Ended {
  /** 128 + n for a signal. */
  readonly code: number;
  readonly stdout: string;
  /** With a terminal, everything is in `stdout`. */
  readonly stderr: string;
}

export interface StartOptions {
  readonly stdin?: string | Buffer;
  /** Gives it a terminal of its own, of 100 columns. */
  readonly pty?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Program and arguments before ours, such as setpriv. */
  readonly wrapper?: readonly string[];
  /** Another build of the command line. */
  readonly program?: string;
}

export interface Started {
  /** Of machinespawn itself, unless it has a terminal or a wrapper that stays. */
  readonly pid: number;
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Calls back for each line of stderr (stdout with a terminal). */
  onLine(listener: (line: string) => void): void;
  kill(signal: NodeJS.Signals): void;
}

function argumentsFor(place: Place, args: readonly string[]): readonly string[] {
  return [...['--machines-dir', place.machines, '--cache-dir', place.cache, '--state-dir', place.state], ...args];
}

export function start(place: Place, args: readonly string[], options: StartOptions = {}): Started {
  const own = [process.execPath, options.program ?? program, ...argumentsFor(place, args)];
  const argv = [...(options.wrapper ?? []), ...(options.pty === true ? onTerminal(own) : own)];
  const [file = '', ...rest] = argv;
  const child = spawn(file, rest, {
    cwd: options.cwd ?? place.root,
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      TERM: 'xterm-256color',
      ...options.env,
    },
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const listeners: ((line: string) => void)[] = [];
  const [stdout, stderr] = [new Collected(), new Collected()];
  const heard = options.pty === true ? stdout : stderr;
  heard.onLine = (line) => listeners.forEach((listener) => listener(line));
  child.stdout?.on('data', (chunk: Buffer) => stdout.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
  // A program that does not read to the end is no fault of the test.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.stdin);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code: code ?? 128 + signalNumber(signal), stdout: stdout.text(), stderr: stderr.text() });
    });
  });
  return {
    pid: child.pid ?? 0,
    child,
    ended,
    onLine: (listener) => void listeners.push(listener),
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs it to its end. */
export async function machinespawn(place: Place, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return await start(place, args, options).ended;
}

/** The same; throws with all that it said when the exit code is not 0. */
export async function machinespawnOk(
  place: Place,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  const ended = await machinespawn(place, args, options);
  if (ended.code !== 0)
    throw new TypeError(`machinespawn ${args.join(' ')} exited with ${ended.code}:\n${ended.stderr}${ended.stdout}`);
  return ended;
}

/** The error of `--json`, which is the last object on stderr. */
export function errorOf({ stderr }: Ended): {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly details: Readonly<Record<string, unknown>>;
} {
  const at = stderr.lastIndexOf('{"error":');
  if (at < 0) throw new TypeError(`there is no error object in:\n${stderr}`);
  return (JSON.parse(stderr.slice(at)) as { error: ReturnType<typeof errorOf> }).error;
}

function onTerminal(argv: readonly string[]): readonly string[] {
  const quoted = argv.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  return ['script', '-qefc', `stty cols 100; exec ${quoted}`, '/dev/null'];
}

class Collected {
  readonly #chunks: Buffer[] = [];
  #rest = '';
  onLine: (line: string) => void = () => {};

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    const lines = (this.#rest + chunk.toString()).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.onLine(line);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

const signalNumbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (signalNumbers[signal] ?? 0);
}
