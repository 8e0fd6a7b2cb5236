import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import { TreeFiles } from './root-files.ts';
import type { RunProgram } from './run-program.ts';
import type { RootFiles } from './services.ts';
import type { ChangeOptions, TreeOptions, Trees } from './tree-services.ts';
import { keyOfTree, treeRef } from './tree-ref.ts';

interface Writable {
  readonly path: string;
}

/** What is asked of the snapshot store, whose writable trees only it understands. */
export interface TreeStore<W extends Writable = Writable> {
  prepare(parent: string | null, id: string, options?: { readonly light?: boolean }): Promise<W>;
  commit(writable: W, key: string, options?: TreeOptions): Promise<unknown>;
  /** Throws MSP_SNAPSHOT_MISSING, MSP_SNAPSHOT_DAMAGED. */
  verify(key: string): Promise<void>;
  discard(writable: W): Promise<void>;
  has(key: string): Promise<boolean>;
  view(key: string): Promise<{ readonly path: string; release(): Promise<void> }>;
  materialize(key: string, directory: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Trees that steps left for later ones of their run. */
export interface TreesAhead<W extends Writable> {
  leave(name: string, left: { readonly writable: W; readonly note: unknown }): void;
  take(name: string): { readonly writable: W; readonly note: unknown } | null;
}

export interface StepTreesSettings<W extends Writable> {
  readonly store: TreeStore<W>;
  /** Of the result: the tree is committed under it. */
  readonly key: string;
  /** Unique to the step in its run; left-overs of an earlier attempt have the same. */
  readonly id: string;
  readonly ahead: TreesAhead<W>;
  readonly signal: AbortSignal;
  readonly run: RunProgram;
  /** Called with the tree of a step that failed, before it is thrown away. */
  readonly onFailed?: ((path: string) => Promise<void>) | undefined;
}

function keyOf(ref: string): string {
  const key = keyOfTree(ref);
  if (key === null) throw misuse(`'${ref}' does not name a tree`);
  return key;
}

const misuse = (problem: string): MachinespawnError => fail('MSP_STEP_TYPE_INVALID', { step: 'trees', problem });

/** The trees that one attempt of a step makes and looks at. */
export class StepTrees<W extends Writable> implements Trees {
  readonly #settings: StepTreesSettings<W>;
  #writable: W | null = null;
  #ahead: W | null = null;
  #isChanged = false;
  #commitOptions: TreeOptions = {};
  readonly #views: { release(): Promise<void> }[] = [];

  constructor(settings: StepTreesSettings<W>) {
    this.#settings = settings;
  }

  async change(
    parent: string | null,
    { ahead, light = false, ...options }: ChangeOptions = {},
  ): Promise<{ readonly path: string; readonly ref: string; readonly root: RootFiles; readonly note: unknown }> {
    if (this.#isChanged) throw misuse('a step changes one tree, once');
    this.#isChanged = true;
    this.#commitOptions = options;
    if (parent !== null) await this.#settings.store.verify(keyOf(parent));
    const { store, id, key, run } = this.#settings;
    const left = ahead === undefined ? null : this.#settings.ahead.take(ahead);
    this.#writable = left?.writable ?? (await store.prepare(parent === null ? null : keyOf(parent), id, { light }));
    const { path } = this.#writable;
    return { path, ref: treeRef(key), root: new TreeFiles(path, run), note: left?.note ?? null };
  }

  async ahead(): Promise<{ readonly path: string; leave(name: string, note: unknown): void }> {
    if (this.#ahead !== null) throw misuse('a step makes one tree for a later one');
    const writable = await this.#settings.store.prepare(null, `${this.#settings.id}.ahead`);
    this.#ahead = writable;
    return {
      path: writable.path,
      leave: (name, note) => {
        this.#ahead = null;
        this.#settings.ahead.leave(name, { writable, note });
      },
    };
  }

  async materialize(ref: string, directory: string): Promise<void> {
    const { store, signal } = this.#settings;
    await store.verify(keyOf(ref));
    await store.materialize(keyOf(ref), directory, { signal });
  }

  async view(ref: string): Promise<{ readonly path: string; readonly root: RootFiles }> {
    const view = await this.#settings.store.view(keyOf(ref));
    this.#views.push(view);
    return { path: view.path, root: new TreeFiles(view.path, this.#settings.run) };
  }

  async commit(): Promise<void> {
    await this.#releaseViews();
    await this.#discardAhead();
    if (this.#writable !== null) {
      await this.#settings.store.commit(this.#writable, this.#settings.key, this.#commitOptions);
    }
    this.#writable = null;
  }

  async discard(): Promise<void> {
    await this.#releaseViews();
    await this.#discardAhead();
    if (this.#writable === null) return;
    if (!this.#settings.signal.aborted) await this.#settings.onFailed?.(this.#writable.path);
    await this.#settings.store.discard(this.#writable);
    this.#writable = null;
  }

  async #discardAhead(): Promise<void> {
    if (this.#ahead !== null) await this.#settings.store.discard(this.#ahead);
    this.#ahead = null;
  }

  async #releaseViews(): Promise<void> {
    for (let view = this.#views.pop(); view !== undefined; view = this.#views.pop()) await view.release();
  }
}
