/** Trees that a step made for a later one of its run, in the memory of this process. */
import type { TreesAhead } from './step-trees.ts';

interface Left<W> {
  readonly runId: string;
  readonly name: string;
  readonly writable: W;
  readonly note: unknown;
}

/** What nobody takes stays until `clear`. */
export class AheadShelf<W extends { readonly path: string }> {
  #left: readonly Left<W>[] = [];

  of(runId: string): TreesAhead<W> {
    return {
      leave: (name, { writable, note }) => {
        this.#left = [...this.#left, { runId, name, writable, note }];
      },
      take: (name) => this.#remove((one) => one.runId === runId && one.name === name)[0] ?? null,
    };
  }

  /** What nobody took, to be thrown away. */
  clear(runId: string): readonly W[] {
    return this.#remove((one) => one.runId === runId).map(({ writable }) => writable);
  }

  #remove(isMeant: (one: Left<W>) => boolean): readonly Left<W>[] {
    const meant = this.#left.filter(isMeant);
    this.#left = this.#left.filter((one) => !meant.includes(one));
    return meant;
  }
}
