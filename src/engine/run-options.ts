import type { RunEvent } from './events.ts';

export interface RunOptions {
  /** Steps side by side. @default 4 */
  readonly jobs?: number;
  /** Take no result that another run made. */
  readonly noCache?: boolean;
  /** Ids of steps to do anew although a result is stored; '*' for all. */
  readonly refresh?: readonly string[];
  readonly onEvent?: (event: RunEvent) => void;
}

export type RunEndStatus = 'succeeded' | 'failed' | 'interrupted' | 'paused';
