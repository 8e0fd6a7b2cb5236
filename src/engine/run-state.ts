/** The state of a run: the fold of its journal through the charts. */
import { fail, type ErrorRecord } from '../errors/machinespawn-error.ts';
import {
  initialRunState,
  initialStepState,
  nextRunState,
  nextStepState,
  type RunState,
  type StepState,
} from './charts.ts';
import type { JournalEntry } from './journal.ts';
import type { Json } from './step.ts';

/** From so many attempts in a row on that were cut off from outside, a person hears of it. */
export const lossLimit = 3;

export interface StepRecord {
  state: StepState;
  /** Attempts that were started, in all openings. */
  attempts: number;
  /** Attempts that failed since the step was last taken up anew: what a retry policy counts. */
  failures: number;
  losses: number;
  key: string | null;
  /** What the key was made of; null for a result that another run made. */
  identity: Json | null;
  outputs: Json | null;
  error: ErrorRecord | null;
  retryAt: number | null;
  startedAt: number | null;
  durationMs: number | null;
  from: { readonly run: string; readonly createdAt: string } | null;
  why: string | null;
  /** No stored result is to be taken: a person said so. */
  anew: boolean;
}

export interface RunRecord {
  state: RunState;
  startedAt: number | null;
  /** When it was closed last. */
  endedAt: number | null;
  /** When anything was written last. */
  lastAt: number | null;
  openings: number;
  pid: number | null;
  bootId: string | null;
  user: string;
  version: string;
  error: ErrorRecord | null;
  outputs: Readonly<Record<string, Json>> | null;
  exitCode: number | null;
  cancelled: string | null;
  readonly steps: Map<string, StepRecord>;
}

export function emptyRunRecord(stepIds: readonly string[]): RunRecord {
  return {
    state: initialRunState,
    startedAt: null,
    endedAt: null,
    lastAt: null,
    openings: 0,
    pid: null,
    bootId: null,
    user: '',
    version: '',
    error: null,
    outputs: null,
    exitCode: null,
    cancelled: null,
    steps: new Map(stepIds.map((id) => [id, emptyStepRecord()])),
  };
}

function emptyStepRecord(): StepRecord {
  return {
    state: initialStepState,
    attempts: 0,
    failures: 0,
    losses: 0,
    key: null,
    identity: null,
    outputs: null,
    error: null,
    retryAt: null,
    startedAt: null,
    durationMs: null,
    from: null,
    why: null,
    anew: false,
  };
}

/** What an entry is to the charts. Returns false when they have no such way: the entry is illegal here. */
export function isLegal(run: RunRecord, entry: JournalEntry): boolean {
  if (entry.type === 'RUN_OPENED' || entry.type === 'CANCEL_REQUESTED' || entry.type === 'RUN_CLOSED') {
    return nextRunState(run.state, entry) !== null;
  }
  const step = run.steps.get(entry.step);
  return step !== undefined && nextStepState(step.state, entry) !== null;
}

/** Adopts an entry. Throws MSP_JOURNAL_CORRUPT when it is illegal. */
export function applyEntry(run: RunRecord, entry: JournalEntry, runId: string): void {
  if (!isLegal(run, entry)) {
    throw fail('MSP_JOURNAL_CORRUPT', { run: runId, line: entry.seq + 1, problem: `${entry.type} cannot follow here` });
  }
  run.lastAt = entry.ts;
  if (entry.type === 'RUN_OPENED' || entry.type === 'CANCEL_REQUESTED' || entry.type === 'RUN_CLOSED')
    applyToRun(run, entry);
  else applyToStep(run.steps.get(entry.step) as StepRecord, entry);
}

function applyToRun(
  run: RunRecord,
  entry: Extract<JournalEntry, { type: 'RUN_OPENED' | 'CANCEL_REQUESTED' | 'RUN_CLOSED' }>,
): void {
  run.state = nextRunState(run.state, entry) as RunState;
  if (entry.type === 'RUN_OPENED') {
    run.startedAt ??= entry.ts;
    run.endedAt = null;
    run.openings += 1;
    run.error = null;
    run.exitCode = null;
    run.cancelled = null;
    ({ pid: run.pid, bootId: run.bootId, user: run.user, version: run.version } = entry);
  } else if (entry.type === 'CANCEL_REQUESTED') {
    run.cancelled = entry.reason;
  } else {
    run.endedAt = entry.ts;
    ({ error: run.error, outputs: run.outputs, exitCode: run.exitCode } = entry);
  }
}

type StepEntry = Exclude<JournalEntry, { type: 'RUN_OPENED' | 'CANCEL_REQUESTED' | 'RUN_CLOSED' }>;

function applyToStep(step: StepRecord, entry: StepEntry): void {
  step.state = nextStepState(step.state, entry) as StepState;
  switch (entry.type) {
    case 'START':
      step.attempts = entry.attempt;
      step.key = entry.key;
      step.identity = entry.identity;
      step.startedAt = entry.ts;
      step.error = null;
      step.retryAt = null;
      step.outputs = null;
      step.from = null;
      break;
    case 'CACHED':
      step.key = entry.key;
      step.identity = null;
      step.outputs = entry.outputs;
      step.from = entry.from;
      step.durationMs = 0;
      step.startedAt = entry.ts;
      step.error = null;
      break;
    case 'DONE':
      step.anew = false;
      step.key = entry.key;
      step.outputs = entry.outputs;
      step.durationMs = entry.durationMs;
      step.losses = 0;
      step.failures = 0;
      break;
    case 'FAIL':
      step.error = entry.error;
      step.retryAt = entry.retryAt;
      step.durationMs = entry.durationMs;
      step.failures += 1;
      step.losses = 0;
      break;
    case 'LOST':
      step.losses = entry.why === 'cut off' ? step.losses + 1 : 0;
      break;
    case 'RETRY':
      step.retryAt = null;
      break;
    case 'INVALIDATE':
      step.why = entry.why;
      step.anew ||= entry.anew === true;
      step.failures = 0;
      step.losses = 0;
      step.retryAt = null;
      break;
    case 'SKIP':
    case 'BLOCK':
      step.why = entry.why;
      step.outputs = null;
      step.error = null;
      break;
  }
}
