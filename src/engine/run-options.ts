import type { RunEvent } from './events.ts';

export interface RunOptions {
  /** Steps side by side. @default 4 */
  readonly jobs?: number;
  /** Take no result that another run made. */
  readonly noCache?: boolean;
  /** Ids of steps to do anew although a result is stored; '*' for all. */
  readonly refresh?: readonly string[];
  /** After a failure, go on with what does not depend on it. @default only where the matrix says so */
  readonly keepGoing?: boolean;
  /** When a run is resumed: ids of steps to do again although they are done, with what depends on them. */
  readonly again?: readonly string[];
  /** Where secrets are now, by the name of the input, if not where the plan says. */
  readonly secretSources?: Readonly<Record<string, string>>;
  /** The run is ended when it has taken so long since it was opened; it can be gone on with. */
  readonly timeoutMs?: number;
  readonly onEvent?: (event: RunEvent) => void;
}

export type RunEndStatus = 'succeeded' | 'failed' | 'interrupted' | 'paused';
