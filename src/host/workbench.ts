import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecContext } from './exec-settings.ts';
import { unwritable } from './file-error.ts';
import type { KernelLocks } from './locks.ts';
import { lookOnly } from './look-services.ts';
import { HttpNet } from './net.ts';
import { removeTree } from './remove-tree.ts';
import { runLockName } from './run-directory.ts';
import type { RunProgram } from './run-program.ts';
import type { StepServices } from './services.ts';
import { composeServices, type HostParts } from './step-services.ts';
import { StepTrees, type TreeStore } from './step-trees.ts';
import { keyOfTree, treeRefsIn } from './tree-ref.ts';

export interface WorkbenchSettings<W extends { readonly path: string }> {
  readonly host: HostParts;
  readonly store: TreeStore<W>;
  readonly locks: KernelLocks;
  /** Where the runs are: scratch folders are made below. */
  readonly runs: string;
  /** Called with the tree of a step that failed, before it is thrown away. */
  readonly onFailedTree?: (failed: { readonly path: string; readonly step: string }) => Promise<void>;
}

/** One attempt of a step, as the engine describes it. */
export interface Job {
  readonly runId: string;
  readonly stepId: string;
  readonly key: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly log: { info(text: string): void; warn(text: string): void; output(line: string): void };
}

export interface OpenBench {
  readonly services: StepServices;
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Where steps work: gives each attempt its services, and makes final or throws away what it left. */
export class HostWorkbench<W extends { readonly path: string }> {
  readonly #settings: WorkbenchSettings<W>;

  constructor(settings: WorkbenchSettings<W>) {
    this.#settings = settings;
  }

  /** The scratch folder is emptied: RUNS/RUN/scratch/STEP. */
  async open(job: Job): Promise<OpenBench> {
    const { host, store, locks, runs } = this.#settings;
    const place = encodeURIComponent(job.stepId);
    const scratch = join(runs, job.runId, 'scratch', place);
    const taken: { readonly name: string; release(): void }[] = [];
    const isOurs = (name: string): boolean =>
      name === runLockName(job.runId) || name.includes(job.key) || taken.some((lock) => lock.name === name);
    const context: ExecContext = {
      signal: job.signal,
      onOutput: (line) => job.log.output(line),
      lockDescriptors: () => locks.descriptors(isOurs),
    };
    // Tidying up goes on after a cancel.
    const tidy: RunProgram = async (command) =>
      await host.exec.run(command, { ...context, signal: new AbortController().signal });
    await emptyDirectory(tidy, scratch);
    const run: RunProgram = async (command) => await host.exec.run(command, context);
    const id = `${job.runId}.${place}`;
    const onFailed = async (path: string): Promise<void> => {
      await this.#settings.onFailedTree?.({ path, step: job.stepId });
    };
    const trees = new StepTrees({ store, key: job.key, id, signal: job.signal, run, onFailed });
    const lock = async (name: string): Promise<void> => {
      if (taken.some((held) => held.name === name)) return;
      const onWait = (holder: string | null): void =>
        job.log.warn(`waiting for ${name}${holder === null ? '' : `, held by ${holder}`}`);
      const held = await locks.acquire(name, { signal: job.signal, onWait });
      taken.push({ name, release: () => held.release() });
    };
    const net = new HttpNet({ env: (name) => host.facts.env(name), signal: job.signal });
    const close = async (): Promise<void> => {
      await net.close();
      await removeTree(tidy, scratch);
      for (let held = taken.pop(); held !== undefined; held = taken.pop()) held.release();
    };
    return {
      services: composeServices(host, { context, net, trees, scratch, lock }),
      commit: async () => {
        await trees.commit();
        await close();
      },
      discard: async () => {
        try {
          await trees.discard();
        } finally {
          await close();
        }
      },
    };
  }

  /** Where `look` may write; whoever looks removes it. Its name cannot be guessed. */
  readonly lookScratch = join(tmpdir(), `machinespawn-${randomBytes(16).toString('hex')}`);

  /** Services that change nothing. What they view is given back with the process. */
  look(): StepServices {
    const { host, store } = this.#settings;
    const { signal } = new AbortController();
    const run: RunProgram = async (command) => await host.exec.run(command, { signal });
    const trees = new StepTrees({ store, key: '', id: 'look', signal, run });
    return lookOnly(
      composeServices(host, {
        context: { signal },
        net: new HttpNet({ env: (name) => host.facts.env(name), signal }),
        trees,
        scratch: this.lookScratch,
        lock: () => Promise.resolve(),
      }),
    );
  }

  /** Names of trees in `value` that the store does not have. */
  async missing(value: unknown): Promise<readonly string[]> {
    const refs = treeRefsIn(value);
    const isThere = await Promise.all(refs.map((ref) => this.#settings.store.has(keyOfTree(ref) ?? '')));
    return refs.filter((_, index) => isThere[index] !== true);
  }
}

async function emptyDirectory(run: RunProgram, path: string): Promise<void> {
  await removeTree(run, path);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(path, error);
  }
}
