/** What a run shows: steps at work, and things that happened. */
import type { ErrorRecord } from '../../errors/machinespawn-error.ts';

export interface ActiveStep {
  readonly id: string;
  readonly startedMs: number;
  /** Why no earlier result serves. */
  readonly why: string | null;
  readonly phase: string | null;
  readonly done: number | null;
  readonly total: number | null;
  readonly unit: 'bytes' | 'items' | 'percent' | null;
  readonly text: string | null;
  /** Why it does not go on: another process holds its lock, or a retry is due. */
  readonly waiting: string | null;
  /** Last lines of output, the newest last. */
  readonly tail: readonly string[];
}

/** Something that happened and stays so; renderers turn each into lines. */
export type Note = { readonly atMs: number; readonly step: string | null } & (
  | { readonly kind: 'begun'; readonly resumedAt: string | null; readonly doneBefore: readonly string[] }
  | { readonly kind: 'started'; readonly attempt: number; readonly why: string | null }
  | { readonly kind: 'phase'; readonly text: string }
  | {
      readonly kind: 'succeeded';
      readonly text: string | null;
      readonly why: string | null;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'cached';
      readonly text: string | null;
      readonly createdAt: string | null;
      readonly sameRun: boolean;
    }
  | { readonly kind: 'skipped' | 'blocked'; readonly why: string }
  | {
      readonly kind: 'failed';
      readonly durationMs: number;
      readonly error: ErrorRecord;
      readonly tail: readonly string[];
    }
  | { readonly kind: 'interrupted'; readonly durationMs: number; readonly phase: string | null }
  | {
      readonly kind: 'retry';
      readonly attempt: number;
      readonly attempts: number;
      readonly inMs: number;
      readonly error: ErrorRecord;
    }
  | { readonly kind: 'waiting'; readonly text: string }
  | { readonly kind: 'warning' | 'info' | 'output'; readonly text: string }
  | {
      readonly kind: 'ended';
      readonly status: 'succeeded' | 'failed' | 'interrupted' | 'paused';
      readonly durationMs: number;
      readonly path: string | null;
    }
);
