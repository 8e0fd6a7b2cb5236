import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, lstatSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';

/** Both ends of a pipe as descriptors; whoever takes it closes them. */
export interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

// Each batch is a program to start, and later in a run that takes longer. The first is enough for a run of the usual kind.
const firstBatch = 96;
const batch = 32;
const spare: PipeEnds[] = [];
/** Of the directory in which they are made; it is there for some milliseconds. */
const prefix = 'machinespawn-pipes-';
const leftOverMs = 10 * 60_000;

function openEnds(path: string): PipeEnds {
  // The first reader must not wait for a writer, yet the program's end must be a blocking one.
  const opener = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  const read = openSync(path, constants.O_RDONLY);
  closeSync(opener);
  return { read, write };
}

const pathsIn = (directory: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => join(directory, String(index)));
const mkfifo = ['/usr/bin/mkfifo', ['-m', '600', '--']] as const;

/** Makes a batch while there is nothing else to do; a failure is told by the first `takePipe`. */
export function warmUpPipes(): void {
  if (spare.length > 0) return;
  const directory = mkdtempSync(join(tmpdir(), prefix));
  const paths = pathsIn(directory, firstBatch);
  const [file, options] = mkfifo;
  const end = (code: number | null): void => {
    if (code === 0) spare.push(...paths.map(openEnds));
    rmSync(directory, { recursive: true, force: true });
    removeLeftOvers(tmpdir());
  };
  spawn(file, [...options, ...paths], { stdio: 'ignore', env: {} })
    .once('error', () => end(null))
    .once('exit', end);
}

/** Of processes that were killed just then. */
function removeLeftOvers(place: string): void {
  try {
    for (const name of readdirSync(place).filter((one) => one.startsWith(prefix))) {
      const path = join(place, name);
      const info = lstatSync(path);
      const isOurs = info.isDirectory() && info.uid === process.getuid?.();
      if (isOurs && Date.now() - info.mtimeMs > leftOverMs) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // Somebody else is about it, too; the next one looks again.
  }
}

/**
 * A true pipe. Node's own are sockets, on which opening /dev/stdout and /dev/stderr fails with ENXIO, and
 * maintainer scripts of packages do that. Node cannot make pipes, so named ones are made in batches and unlinked at once.
 */
export function takePipe(): PipeEnds {
  const ready = spare.pop();
  if (ready !== undefined) return ready;
  const directory = mkdtempSync(join(tmpdir(), prefix));
  try {
    const paths = pathsIn(directory, batch);
    const [file, options] = mkfifo;
    const made = spawnSync(file, [...options, ...paths], { encoding: 'utf8', env: {} });
    if (made.error !== undefined)
      throw fail('MSP_TOOL_MISSING', { tool: 'mkfifo', debianPackage: 'coreutils' }, made.error);
    if (made.status !== 0) throw fail('MSP_FILE_UNWRITABLE', { path: directory, problem: made.stderr.trim() });
    spare.push(...paths.map(openEnds));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return takePipe();
}
