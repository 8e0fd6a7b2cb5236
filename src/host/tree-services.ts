/** What a step may do with trees. Types only; `step-trees.ts` is the real one. */
import type { RootFiles } from './services.ts';

export interface TreeOptions {
  /** Will it be copied again and again (true), or is it an early stage of something (false)? */
  readonly whole?: boolean;
  /**
   * False: the step is done before its tree is on the disk, and done again if the host goes down too early. For what takes
   * seconds. @default true
   */
  readonly durable?: boolean;
}

export interface ChangeOptions extends TreeOptions {
  /** Takes the tree that an earlier step of this run left under this name, if there is one. Its parent is null. */
  readonly ahead?: string;
  /**
   * Will the tree differ from its parent in little, and a later step make it whole? Then copying the parent begins beside
   * this step. @default false
   */
  readonly light?: boolean;
}

export interface Trees {
  /**
   * The tree that this step makes: a writable snapshot of `parent`, or an empty one.
   * It is committed under `ref` when the step succeeds, and thrown away otherwise. Once in a step.
   */
  change(
    parent: string | null,
    options?: ChangeOptions,
  ): Promise<{
    readonly path: string;
    readonly ref: string;
    readonly root: RootFiles;
    /** What was left with the tree; null for one that begins here. */
    readonly note: unknown;
  }>;
  /**
   * An empty tree for a later step of this run. What is not left is thrown away at the end of this step, and what nobody
   * takes when a step of the run fails. It does not outlive the process: the later step can do without.
   */
  ahead(): Promise<{ readonly path: string; leave(name: string, note: unknown): void }>;
  /** A faithful, independent copy of a committed tree at `directory`, which must not exist. */
  materialize(ref: string, directory: string): Promise<void>;
  /** A read-only look at a committed tree. Given back when the step ends. */
  view(ref: string): Promise<{ readonly path: string; readonly root: RootFiles }>;
}
