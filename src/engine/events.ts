/** What the outside may watch of a run: one union, the form of `--progress json`. */
import type { ErrorRecord } from '../errors/machinespawn-error.ts';
import type { Json, StepProgress } from './step.ts';

interface Base {
  /** Format number. */
  readonly v: 1;
  /** 0, 1, 2 … within one opening of the run. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly ts: string;
  readonly run: string;
}

interface RunStarted {
  readonly type: 'run.started' | 'run.resumed';
  readonly pipeline: string;
  /** Absolute path of its file; null for one that is built in, or was made by a program. */
  readonly file: string | null;
  readonly summary: string;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly steps: readonly { readonly id: string; readonly uses: string; readonly summary: string }[];
  /** Steps that are done already when the run is resumed. */
  readonly done: readonly string[];
  /** Where a resumed run goes on. */
  readonly at: string | null;
}

interface RunEnded {
  readonly type: 'run.succeeded' | 'run.failed' | 'run.interrupted' | 'run.paused';
  readonly durationMs: number;
  readonly outputs: Readonly<Record<string, Json>> | null;
  readonly error: ErrorRecord | null;
  readonly done: number;
  readonly total: number;
}

interface StepQueued {
  readonly type: 'step.queued';
  readonly step: string;
}
interface StepStarted {
  readonly type: 'step.started';
  readonly step: string;
  readonly uses: string;
  readonly attempt: number;
  readonly key: string;
  /** Why no earlier result serves; null where nobody asked. */
  readonly why: string | null;
}
interface StepProgressed extends StepProgress {
  readonly type: 'step.progress';
  readonly step: string;
}
interface StepLogged {
  readonly type: 'step.log';
  readonly step: string;
  /** Warnings are events of their own. */
  readonly level: 'info' | 'output';
  readonly text: string;
}
interface StepRetry {
  readonly type: 'step.retry';
  readonly step: string;
  readonly attempt: number;
  readonly attempts: number;
  readonly retryAt: string;
  readonly error: ErrorRecord;
}
interface StepWaiting {
  readonly type: 'step.waiting';
  readonly step: string;
  readonly holder: string | null;
}
interface StepDone {
  readonly type: 'step.succeeded' | 'step.cached';
  readonly step: string;
  readonly uses: string;
  readonly durationMs: number;
  readonly outputs: Json;
  /** The step's own line about its result. */
  readonly text: string | null;
  /** For `step.cached`: when and by which run the result was made. */
  readonly from: { readonly run: string; readonly createdAt: string } | null;
}
interface StepSkipped {
  readonly type: 'step.skipped' | 'step.blocked';
  readonly step: string;
  readonly why: string;
}
interface StepFailed {
  readonly type: 'step.failed' | 'step.interrupted';
  readonly step: string;
  readonly attempt: number;
  readonly durationMs: number;
  readonly error: ErrorRecord;
  readonly log: string | null;
}
interface CheckpointSaved {
  readonly type: 'checkpoint.saved';
  readonly step: string;
}
interface Warned {
  readonly type: 'warning';
  readonly step: string | null;
  readonly text: string;
}

export type RunEventBody =
  | RunStarted
  | RunEnded
  | StepQueued
  | StepStarted
  | StepProgressed
  | StepLogged
  | StepRetry
  | StepWaiting
  | StepDone
  | StepSkipped
  | StepFailed
  | CheckpointSaved
  | Warned;

export type RunEvent = Base & RunEventBody;
