import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { AttemptLog } from './attempt-log.ts';
import { errnoCode, problemOf, unreadable } from './file-error.ts';
import { holderOf } from './flock.ts';
import { JournalFile } from './journal-file.ts';
import type { KernelLocks } from './locks.ts';

interface Releasable {
  release(): void;
}

/** Name of a run's lock in `KernelLocks`. */
export const runLockName = (runId: string): string => `run:${runId}`;

/** Takes a run's lock, which is a file in its directory. Throws MSP_RUN_BUSY. */
export async function lockRun(locks: KernelLocks, runId: string, directory: string): Promise<Releasable> {
  const path = join(directory, 'run.lock');
  const lock = await locks.tryAcquire(runLockName(runId), path);
  if (lock !== null) return lock;
  const pid = /\d+/u.exec(holderOf(path) ?? '')?.[0];
  throw fail('MSP_RUN_BUSY', { run: runId, pid: pid === undefined ? null : Number(pid) });
}

/** The directory of one run: plan.json, journal, run.lock, steps/STEP/ATTEMPT.log, scratch/STEP/. */
export class RunDirectory {
  readonly runId: string;
  readonly directory: string;
  readonly #locks: KernelLocks;
  #lock: Releasable | null;

  constructor(runId: string, directory: string, locks: KernelLocks, lock: Releasable | null = null) {
    this.runId = runId;
    this.directory = directory;
    this.#locks = locks;
    this.#lock = lock;
  }

  /** Throws MSP_PLAN_CORRUPT when there is none. */
  async readPlan(): Promise<string> {
    try {
      return await readFile(join(this.directory, 'plan.json'), 'utf8');
    } catch (error) {
      throw fail('MSP_PLAN_CORRUPT', { run: this.runId, problem: problemOf(error) }, error);
    }
  }

  async readJournal(): Promise<string> {
    const path = join(this.directory, 'journal');
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return '';
      throw unreadable(path, error);
    }
  }

  async openJournal(keepBytes: number): Promise<JournalFile> {
    return new JournalFile(join(this.directory, 'journal'), keepBytes);
  }

  openLog(stepId: string, attempt: number): AttemptLog {
    return new AttemptLog(join(this.directory, 'steps', encodeURIComponent(stepId), `${attempt}.log`));
  }

  /** The lock that `create` has taken, or a new one. Throws MSP_RUN_BUSY. */
  async lock(): Promise<Releasable> {
    const lock = this.#lock ?? (await lockRun(this.#locks, this.runId, this.directory));
    this.#lock = lock;
    return {
      release: () => {
        lock.release();
        if (this.#lock === lock) this.#lock = null;
      },
    };
  }
}
