import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { syncDirectory } from './durable.ts';
import { errnoCode, unreadable, unwritable } from './file-error.ts';
import type { KernelLocks } from './locks.ts';
import { removeTree } from './remove-tree.ts';
import { lockRun, RunDirectory } from './run-directory.ts';
import type { RunProgram } from './run-program.ts';

const runIdForm = /^[\da-z][\w.-]*$/iu;

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The runs below a directory, each in one of its own name. Ids sort by time. */
export class RunDirectories {
  readonly #directory: string;
  readonly #locks: KernelLocks;
  readonly #run: RunProgram;

  constructor(directory: string, locks: KernelLocks, run: RunProgram) {
    this.#directory = directory;
    this.#locks = locks;
    this.#run = run;
  }

  /** Is somebody executing the run now? */
  async isBusy(runId: string): Promise<boolean> {
    try {
      const lock = await lockRun(this.#locks, runId, this.#pathOf(runId));
      lock.release();
      return false;
    } catch (error) {
      if (MachinespawnError.is(error) && error.code === 'MSP_RUN_BUSY') return true;
      throw error;
    }
  }

  /** Whole or not at all, durable, and locked by us. Throws MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
  async create(runId: string, plan: string): Promise<RunDirectory> {
    const directory = this.#pathOf(runId);
    const scratch = join(this.#directory, `.#${runId}`);
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await rm(scratch, { recursive: true, force: true });
      await mkdir(scratch, { mode: 0o700 });
      await writeDurably(join(scratch, 'plan.json'), plan);
      const lock = await lockRun(this.#locks, runId, scratch);
      try {
        await syncDirectory(scratch);
        // A directory that has files is never replaced.
        await rename(scratch, directory);
        await syncDirectory(this.#directory);
      } catch (error) {
        lock.release();
        throw error;
      }
      return new RunDirectory(runId, directory, this.#locks, lock);
    } catch (error) {
      await rm(scratch, { recursive: true, force: true });
      throw unwritable(directory, error);
    }
  }

  /** Throws MSP_RUN_NOT_FOUND. */
  async open(runId: string): Promise<RunDirectory> {
    const isThere = runIdForm.test(runId) && (await stat(this.#pathOf(runId)).catch(() => null))?.isDirectory();
    if (isThere !== true) throw fail('MSP_RUN_NOT_FOUND', { run: runId });
    return new RunDirectory(runId, this.#pathOf(runId), this.#locks);
  }

  async list(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#directory, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory() && runIdForm.test(entry.name))
        .map((entry) => entry.name)
        .toSorted();
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return [];
      throw unreadable(this.#directory, error);
    }
  }

  /** Throws MSP_RUN_NOT_FOUND, MSP_RUN_BUSY, MSP_TREE_HAS_MOUNTS. */
  async remove(runId: string): Promise<void> {
    const files = await this.open(runId);
    const lock = await files.lock();
    try {
      const doomed = join(this.#directory, `.#${runId}`);
      await removeTree(this.#run, doomed);
      await rename(files.directory, doomed);
      await removeTree(this.#run, doomed);
    } finally {
      lock.release();
    }
  }

  #pathOf(runId: string): string {
    return join(this.#directory, runId);
  }
}
