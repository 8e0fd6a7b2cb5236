/** Runs of other processes: begins one that goes on without us, and asks one to stop. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AppRuns } from './app-runs.ts';
import type { DetachedRun } from './app-run-types.ts';
import type { RunEvent } from './engine/events.ts';
import { fail, reviveError, type ErrorRecord } from './errors/machinespawn-error.ts';
import { unwritable } from './host/file-error.ts';

const pollMs = 50;

/**
 * `command`: program and arguments, which must show progress as JSON. Returns when its run is open, or when it has ended.
 * What it says goes on into `detached.log` of the run. Throws MSP_FILE_UNWRITABLE, and what the command failed with.
 */
export async function detach(
  command: readonly string[],
  stateDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<DetachedRun> {
  const runs = join(stateDirectory, 'runs');
  const log = join(runs, `.#detached-${randomBytes(8).toString('hex')}`);
  const [file = '', ...args] = command;
  const descriptor = openLog(runs, log);
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', 'ignore', descriptor],
    env: { ...environment },
  });
  closeSync(descriptor);
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
  let exitCode: number | null = null;
  void ended.then((code) => (exitCode = code)).catch(() => undefined);
  try {
    for (;;) {
      const isOver = exitCode !== null;
      const said = readFileSync(log, 'utf8');
      const run = runIn(said);
      if (run !== null) {
        renameSync(log, join(runs, run, 'detached.log'));
        child.unref();
        return { runId: run, pid: child.pid ?? 0 };
      }
      if (isOver) throw failureIn(said, exitCode ?? 1);
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, pollMs))]);
    }
  } finally {
    rmSync(log, { force: true });
  }
}

function openLog(directory: string, path: string): number {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSync(path, 'ax', 0o600);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function recordsIn(said: string): readonly Record<string, unknown>[] {
  return said.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}

/** The run that was opened, by its first event. */
function runIn(said: string): string | null {
  const opened = (recordsIn(said) as readonly Partial<RunEvent>[]).find(
    ({ type }) => type === 'run.started' || type === 'run.resumed',
  );
  return opened?.run ?? null;
}

function failureIn(said: string, exitCode: number): Error {
  const record = recordsIn(said).find((one) => 'error' in one)?.['error'];
  if (record !== undefined) return reviveError({ ...(record as ErrorRecord), cause: null });
  return fail('MSP_TOOL_FAILED', {
    tool: 'machinespawn',
    exitCode,
    tail: said.trim(),
    command: 'pipeline run --detach',
  });
}

/** As Ctrl-C would; gives the id of the run. Throws MSP_RUN_NOT_FOUND, MSP_RUN_NOT_RUNNING, MSP_FILE_UNWRITABLE. */
export async function cancelRun(runs: AppRuns, id: string): Promise<string> {
  const { id: run, status, record, directory } = await runs.find(id);
  const pid = record?.pid ?? null;
  if (status !== 'running' || pid === null || !holds(pid, join(directory, 'run.lock')))
    throw fail('MSP_RUN_NOT_RUNNING', { run, status });
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    throw unwritable(`the process ${pid}`, error);
  }
  return run;
}

/** The process of that number may be another one by now: ours has the lock of its run open. */
function holds(pid: number, lock: string): boolean {
  try {
    const place = `/proc/${pid}/fd`;
    return readdirSync(place).some((descriptor) => readlinkSync(join(place, descriptor)) === lock);
  } catch {
    return false;
  }
}
