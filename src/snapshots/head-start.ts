import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { copyFlags } from './copy-tree.ts';
import type { LayerChanges } from './layer-changes.ts';
import { makeLinks } from './link-tree.ts';
import { patchTree } from './patch-tree.ts';
import { removeTree } from './remove-tree.ts';
import type { RunTool } from './run-tool.ts';

export interface HeadStartOptions {
  /** Absolute path of the whole layer that is copied. */
  readonly base: string;
  /** An empty directory on its file system, which is removed by the caller. */
  readonly place: string;
  /** Is a copy that shares nothing wanted, too? */
  readonly withCopy: boolean;
  readonly run: RunTool;
}

/**
 * Copies of a whole layer, made beside the step that changes it a little: one of hard links, for the tree that is kept, and
 * one that shares nothing, for the machine. What fails here is left to those who do it when it is needed.
 */
export class HeadStart {
  readonly #options: HeadStartOptions;
  readonly #abort = new AbortController();
  readonly #links: Promise<string | null>;
  #copy: Promise<string | null>;

  constructor(options: HeadStartOptions) {
    this.#options = options;
    const { base, place, withCopy, run } = options;
    const { signal } = this.#abort;
    const [links, copy] = [join(place, 'links'), join(place, 'copy')];
    this.#links = this.#unlessItFails(makeLinks(base, links, run, signal), links);
    // One after the other: there is other work to be done.
    this.#copy = withCopy
      ? this.#links.then(async () =>
          this.#unlessItFails(run('cp', [...copyFlags, '-T', '--', base, copy], { signal }), copy),
        )
      : Promise.resolve(null);
  }

  /** Where the links are; null when there are none. Whoever is told takes them away. */
  async takeLinks(): Promise<string | null> {
    return this.#links;
  }

  /** From now on the copy becomes one of `source`, which differs from the layer by `changes`. */
  patchCopy(source: string, changes: LayerChanges): void {
    const { run } = this.#options;
    this.#copy = this.#copy.then(async (copy) =>
      copy === null ? null : this.#unlessItFails(patchTree(source, copy, changes, run, { link: false }), copy),
    );
  }

  /** False when there is no copy, or when `target` lies elsewhere. */
  async moveCopy(target: string): Promise<boolean> {
    const copy = await this.#copy;
    if (copy === null) return false;
    return rename(copy, target).then(
      () => true,
      () => false,
    );
  }

  /** Nothing of it runs afterwards. */
  async end(): Promise<void> {
    this.#abort.abort();
    await Promise.all([this.#links, this.#copy]);
  }

  /** Half a copy goes at once: the disk may be full of it. */
  async #unlessItFails(work: Promise<unknown>, path: string): Promise<string | null> {
    try {
      await work;
      return path;
    } catch {
      await removeTree(path, this.#options.run).catch(() => undefined);
      return null;
    }
  }
}
