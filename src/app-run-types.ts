/** What is asked of a run, and what comes back. */
import type { Json } from './engine/step.ts';
import type { ErrorRecord } from './errors/machinespawn-error.ts';

export interface RunRequest {
  /** Name of a built-in pipeline, or path of a file (it holds a slash or ends in .yaml or .yml). */
  readonly pipeline: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Steps side by side. @default 4 */
  readonly jobs?: number;
  /** Do not go on with an interrupted run of the same plan, and trust no stored result of it. */
  readonly fresh?: boolean;
  /** Use no stored result of other runs. */
  readonly noCache?: boolean;
  /** Steps to do again although a result is stored; ['*'] for all. */
  readonly refresh?: readonly string[];
  /** Steps to do again with all that depends on them; what comes before is reused. */
  readonly from?: readonly string[];
  /** Only these combinations of the matrix: axis -> values. */
  readonly cells?: Readonly<Record<string, readonly string[]>>;
  /** Only these steps and what they need. */
  readonly only?: readonly string[];
  /** Not these steps. */
  readonly skip?: readonly string[];
  /** Not what comes after this step. */
  readonly until?: string;
  /** After a failure, go on with what does not depend on it. @default what the matrix says; false without one */
  readonly keepGoing?: boolean;
  /** Absolute path of a directory in which the files that the pipeline gives are put. */
  readonly output?: string;
  /** Keep the tree of a step that fails, and say where it is. */
  readonly keepFailed?: boolean;
  /** Open a shell in the tree of a step that fails. */
  readonly debugShell?: boolean;
  /** End the run after so long; it can be gone on with. */
  readonly timeoutMs?: number;
  /** Leave no run behind (list, run, remove …). */
  readonly ephemeral?: boolean;
}

/** A run that goes on without us. */
export interface DetachedRun {
  readonly runId: string;
  readonly pid: number;
}

export type RunStatus = 'succeeded' | 'failed' | 'interrupted' | 'paused';

export interface RunOutcome {
  readonly runId: string;
  readonly status: RunStatus;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly error: ErrorRecord | null;
  /** By CLI.md 3.7; 0 when it succeeded. */
  readonly exitCode: number;
  readonly steps: { readonly total: number; readonly done: number; readonly cached: number };
  /** Does `machinespawn resume` go on with it? */
  readonly resumable: boolean;
  /** What was put into the output directory. */
  readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[];
}

/** `inputs`: only where secrets are now; all others are those of the run. */
export type ResumeRequest = Pick<RunRequest, 'jobs' | 'keepFailed' | 'debugShell' | 'from' | 'keepGoing' | 'output'> & {
  readonly inputs?: Readonly<Record<string, unknown>>;
};

export interface RunHandle {
  readonly runId: string;
  readonly done: Promise<RunOutcome>;
  /** First call: no new steps, running ones are asked to end. With `hard`: killed now. Exit code 128 + signal. */
  cancel(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', hard: boolean): void;
}
