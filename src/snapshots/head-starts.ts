import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { HeadStart } from './head-start.ts';
import type { LayerChanges } from './layer-changes.ts';
import { claimPlace, surveyPending } from './pending-places.ts';
import { removeTree } from './remove-tree.ts';
import type { RunTool } from './run-tool.ts';
import { pendingPlaceOf, type StoreLayout } from './store-layout.ts';

const prefix = 'ahead-';

interface Begun {
  readonly start: HeadStart;
  readonly place: string;
}

interface LazyStart {
  /** Null when there are none. */
  takeLinks(): Promise<string | null>;
  /** The tree was sealed as `key` and is at `source`. `changes`: how it differs from the layer; null when nobody knows. */
  sealed(key: string, source: string, changes: LayerChanges | null): void;
}

/** The head starts of this process. They lie among the places in the making, so what a kill leaves is collected like them. */
export class HeadStarts {
  readonly #layout: StoreLayout;
  readonly #run: RunTool;
  /** Where copies will be wanted; null where nobody wants any. */
  #near: string | null = null;
  /** By the key of the layer that is copied, until a tree that stands on it is sealed. */
  readonly #begun = new Map<string, Promise<Begun>>();
  /** Of trees that are being sealed. */
  readonly #taken = new Set<Begun>();
  /** By the key of the tree that the copy is one of. */
  readonly #copies = new Map<string, Begun>();

  constructor(layout: StoreLayout, run: RunTool) {
    this.#layout = layout;
    this.#run = run;
  }

  /** What killed processes had begun is thrown away: no other collects it before somebody cleans the cache. */
  expectCopies(near: string): void {
    this.#near = near;
    void this.#sweep().catch(() => undefined);
  }

  /** `key` and path of a whole layer. */
  async begin(key: string, base: string): Promise<void> {
    if (this.#begun.has(key)) return;
    const begun = this.#begin(key, base);
    this.#begun.set(key, begun);
    await begun.catch(() => this.#begun.delete(key));
  }

  /** The head start on the layer `key`, for a tree that may turn out to need it: who takes it first has it. */
  lazily(key: string): LazyStart {
    let taken: Begun | null = null;
    return {
      takeLinks: async () => {
        const begun = this.#begun.get(key);
        if (begun === undefined) return null;
        this.#begun.delete(key);
        taken = await begun;
        this.#taken.add(taken);
        return taken.start.takeLinks();
      },
      sealed: (sealedKey, source, changes) => {
        if (taken === null) return;
        this.#taken.delete(taken);
        if (changes === null) return void this.#end(taken);
        taken.start.patchCopy(source, changes);
        this.#copies.set(sealedKey, taken);
      },
    };
  }

  /** Gives the copy of the tree `key` to the first who asks. False when there is none for that place. */
  async deliver(key: string, target: string, signal?: AbortSignal): Promise<boolean> {
    const begun = this.#copies.get(key);
    if (begun === undefined) return false;
    this.#copies.delete(key);
    const stop = (): void => void begun.start.end();
    signal?.addEventListener('abort', stop, { once: true });
    const isMoved = await begun.start.moveCopy(target);
    signal?.removeEventListener('abort', stop);
    void this.#end(begun);
    return isMoved;
  }

  /** Throws away what nobody has asked for. */
  async clear(): Promise<void> {
    const begun = [...(await Promise.all(this.#begun.values())), ...this.#taken, ...this.#copies.values()];
    this.#begun.clear();
    this.#taken.clear();
    this.#copies.clear();
    await Promise.all(begun.map(async (one) => this.#end(one)));
  }

  async #sweep(): Promise<void> {
    const { abandoned } = await surveyPending(this.#layout);
    for (const place of abandoned.filter((path) => basename(path).startsWith(prefix)))
      await removeTree(place, this.#run, this.#layout.trash);
  }

  async #begin(key: string, base: string): Promise<Begun> {
    const place = pendingPlaceOf(this.#layout, `${prefix}${randomBytes(8).toString('hex')}`);
    await claimPlace(this.#layout, place, key);
    const withCopy = this.#near !== null && (await isOnSameDisk(this.#near, place));
    return { start: new HeadStart({ base, place, withCopy, run: this.#run }), place };
  }

  async #end({ start, place }: Begun): Promise<void> {
    await start.end();
    // What cannot be removed now goes with what dead processes leave.
    await removeTree(place, this.#run, this.#layout.trash).catch(() => undefined);
  }
}

/** `near` need not be there yet. */
async function isOnSameDisk(near: string, place: string): Promise<boolean> {
  for (let at = near; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found !== null) return found.dev === (await stat(place)).dev;
    if (at === dirname(at)) return false;
  }
}
