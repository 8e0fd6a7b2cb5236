import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import type { ExecContext } from './exec-settings.ts';
import { unwritable } from './file-error.ts';
import type { KernelLocks } from './locks.ts';
import { artifactRefsIn } from '../model/artifact.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { lookOnly } from './look-services.ts';
import { HttpNet } from './net.ts';
import { removeTree } from './remove-tree.ts';
import { runLockName } from './run-directory.ts';
import { RunLocks } from './run-locks.ts';
import type { RunProgram } from './run-program.ts';
import type { LockAnswer, StepServices } from './services.ts';
import { StepArtifacts } from './step-artifacts.ts';
import { composeServices, type HostParts } from './step-services.ts';
import { StepTrees, type TreeStore } from './step-trees.ts';
import { keyOfTree, treeRefsIn } from './tree-ref.ts';
import { AheadShelf } from './trees-ahead.ts';

export interface WorkbenchSettings<W extends { readonly path: string }> {
  readonly host: HostParts;
  readonly store: TreeStore<W>;
  readonly artifacts: ArtifactStore;
  readonly locks: KernelLocks;
  /** Trees that steps left for later ones; shared by workbenches whose runs take from each other. */
  readonly ahead: AheadShelf<W>;
  /** Where the runs are: scratch folders are made below. */
  readonly runs: string;
  /** Called with the tree of a step that failed, before it is thrown away. */
  readonly onFailedTree?: (failed: { readonly path: string; readonly step: string }) => Promise<void>;
}

/** Something that a result names and that is not there as it was. */
export interface Missing {
  readonly reference: string;
  /** For a person: "tree 0123456789ab". */
  readonly what: string;
  readonly problem: 'is gone' | 'has changed';
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
  readonly #store: TreeStore<W>;
  readonly #runLocks: RunLocks;

  constructor(settings: WorkbenchSettings<W>) {
    this.#settings = settings;
    this.#store = verifyingOnce(settings.store);
    this.#runLocks = new RunLocks(settings.locks);
  }

  /** A scratch folder of an earlier attempt is removed: RUNS/RUN/scratch/STEP. */
  async open(job: Job): Promise<OpenBench> {
    const { host, locks, runs } = this.#settings;
    const store = this.#store;
    const place = plainWord(job.stepId);
    const scratch = join(runs, job.runId, 'scratch', place);
    const taken: { readonly name: string; release(): void }[] = [];
    const isOurs = (name: string): boolean =>
      name === runLockName(job.runId) ||
      name.includes(job.key) ||
      this.#runLocks.has(job.runId, name) ||
      taken.some((lock) => lock.name === name);
    const context: ExecContext = {
      signal: job.signal,
      onOutput: (line) => job.log.output(line),
      lockDescriptors: () => locks.descriptors(isOurs),
    };
    // Tidying up goes on after a cancel.
    const tidy: RunProgram = async (command) =>
      await host.exec.run(command, { ...context, signal: new AbortController().signal });
    await removeTree(tidy, scratch);
    let isScratchMade = false;
    const makeScratch = (): string => {
      if (!isScratchMade) makeDirectory(scratch);
      isScratchMade = true;
      return scratch;
    };
    const run: RunProgram = async (command) => await host.exec.run(command, context);
    const id = `${job.runId}.${place}`;
    const artifacts = new StepArtifacts(this.#settings.artifacts, id);
    await artifacts.close(tidy);
    const onFailed = async (path: string): Promise<void> => {
      await this.#settings.onFailedTree?.({ path, step: job.stepId });
    };
    const trees = new StepTrees({
      ...{ store, key: job.key, id, signal: job.signal, run, onFailed },
      ahead: this.#settings.ahead.of(job.runId),
    });
    const lock = async (name: string): Promise<void> => {
      if (taken.some((held) => held.name === name)) return;
      const onWait = (holder: string | null): void =>
        job.log.warn(`waiting for ${name}${holder === null ? '' : `, held by ${holder}`}`);
      const held = await locks.acquire(name, { signal: job.signal, onWait });
      taken.push({ name, release: () => held.release() });
    };
    const lockForRun = async (name: string): Promise<LockAnswer> =>
      (await this.#runLocks.take(job.runId, name)) ? { isTaken: true } : { isTaken: false, holder: locks.holder(name) };
    const net = new HttpNet({
      env: (name) => host.facts.env(name),
      signal: job.signal,
      proxies: host.proxies,
      passwords: host.passwords,
      warn: (text) => job.log.warn(text),
    });
    const close = async (): Promise<void> => {
      await net.close();
      if (isScratchMade) await removeTree(tidy, scratch);
      await artifacts.close(tidy);
      for (let held = taken.pop(); held !== undefined; held = taken.pop()) held.release();
    };
    return {
      services: composeServices(host, {
        id,
        context,
        net,
        trees,
        artifacts,
        scratch: makeScratch,
        lock,
        lockForRun,
        warn: (text) => job.log.warn(text),
      }),
      commit: async () => {
        await trees.commit();
        await close();
      },
      discard: async () => {
        try {
          await trees.discard();
          await this.clearAhead(job.runId);
        } finally {
          await close();
        }
      },
    };
  }

  /** Throws away the trees that no later step of the run took: one whose result was there already does not. */
  async clearAhead(runId: string): Promise<void> {
    for (const left of this.#settings.ahead.clear(runId)) await this.#store.discard(left);
  }

  /** Gives back what the run's steps took for all of it. */
  endRun(runId: string): void {
    this.#runLocks.release(runId);
  }

  /** Where `look` may write; whoever looks removes it. Its name cannot be guessed. */
  readonly lookScratch = join(tmpdir(), `machinespawn-${randomBytes(16).toString('hex')}`);

  /** Services that change nothing. What they view is given back with the process. */
  look(): StepServices {
    const { host } = this.#settings;
    const store = this.#store;
    const { signal } = new AbortController();
    const run: RunProgram = async (command) => await host.exec.run(command, { signal });
    const trees = new StepTrees({ store, key: '', id: 'look', signal, run, ahead: this.#settings.ahead.of('look') });
    const artifacts = new StepArtifacts(this.#settings.artifacts, 'look');
    return lookOnly(
      composeServices(host, {
        id: 'look',
        context: { signal },
        artifacts,
        net: new HttpNet({
          env: (name) => host.facts.env(name),
          signal,
          proxies: host.proxies,
          passwords: host.passwords,
        }),
        trees,
        scratch: () => this.lookScratch,
        lock: () => Promise.resolve(),
        lockForRun: () => Promise.resolve({ isTaken: true }),
        warn: () => undefined,
      }),
    );
  }

  /** What the value names and the stores do not have as it was. */
  async missing(value: unknown): Promise<readonly Missing[]> {
    const trees = await Promise.all(treeRefsIn(value).map((ref) => this.#stateOfTree(ref)));
    const artifacts = await Promise.all(artifactRefsIn(value).map((ref) => this.#stateOfArtifact(ref)));
    return [...trees, ...artifacts].filter((missing) => missing !== null);
  }

  async #stateOfTree(ref: string): Promise<Missing | null> {
    try {
      await this.#store.verify(keyOfTree(ref) ?? '');
      return null;
    } catch (error) {
      if (!MachinespawnError.is(error)) throw error;
      const what = `tree ${ref.slice(5, 17)}`;
      if (error.code === 'MSP_SNAPSHOT_MISSING') return { reference: ref, what, problem: 'is gone' };
      if (error.code === 'MSP_SNAPSHOT_DAMAGED') return { reference: ref, what, problem: 'has changed' };
      throw error;
    }
  }

  async #stateOfArtifact(ref: string): Promise<Missing | null> {
    const state = await this.#settings.artifacts.state(ref);
    const problem = state === 'missing' ? 'is gone' : 'has changed';
    return state === 'sound' ? null : { reference: ref, what: `file ${ref.slice(9, 21)}`, problem };
  }
}

/** The digest of a tree is compared once in a process: the engine asks before a step runs, and the step's services do. */
function verifyingOnce<W extends { readonly path: string }>(store: TreeStore<W>): TreeStore<W> {
  const sound = new Set<string>();
  return {
    prepare: async (parent, id, options) => await store.prepare(parent, id, options),
    commit: async (writable, key, options) => {
      await store.commit(writable, key, options);
      // Its digest is of this moment.
      sound.add(key);
    },
    discard: async (writable) => await store.discard(writable),
    has: async (key) => await store.has(key),
    view: async (key) => await store.view(key),
    materialize: async (key, directory, options) => await store.materialize(key, directory, options),
    verify: async (key) => {
      if (sound.has(key) && (await store.has(key))) return;
      await store.verify(key);
      sound.add(key);
    },
  };
}

/** The id of a step of a matrix holds any letters, and many; what is made of it must serve as a short file name anywhere. */
function plainWord(stepId: string): string {
  if (/^[\w.-]{1,60}$/u.test(stepId)) return stepId;
  const digest = createHash('sha256').update(stepId).digest('hex').slice(0, 12);
  return `${stepId.replaceAll(/[^\w.-]+/gu, '-').slice(0, 40)}-${digest}`;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(path, error);
  }
}
