/** What is said about a run afterwards, from its plan and journal alone. */
import { MachinespawnError, type ErrorRecord } from '../errors/machinespawn-error.ts';
import { foldJournal } from './engine.ts';
import { readJournal, type JournalEntry } from './journal.ts';
import { decodePlan } from './plan-codec.ts';
import type { Plan } from './plan.ts';
import type { RunFiles } from './ports.ts';
import type { RunRecord } from './run-state.ts';

export interface RunView {
  readonly id: string;
  readonly directory: string;
  /** Null when the stored plan is damaged. */
  readonly plan: Plan | null;
  readonly record: RunRecord | null;
  readonly entries: readonly JournalEntry[];
  /** Why it cannot be read. */
  readonly damage: ErrorRecord | null;
  readonly status: 'succeeded' | 'failed' | 'interrupted' | 'paused' | 'running' | 'damaged';
}

/** Never throws for a damaged run: it is a row that says so. `isAlive`: is somebody executing it? Asked only of a run that is open. */
export async function viewRun(files: RunFiles, isAlive: () => Promise<boolean>): Promise<RunView> {
  const base = { id: files.runId, directory: files.directory };
  let plan: Plan | null = null;
  try {
    plan = decodePlan(await files.readPlan(), files.runId);
    const reading = readJournal(await files.readJournal(), files.runId);
    const record = foldJournal(plan, reading, files.runId);
    return { ...base, plan, record, entries: reading.entries, damage: null, status: await statusOf(record, isAlive) };
  } catch (error) {
    if (!MachinespawnError.is(error)) throw error;
    return { ...base, plan, record: null, entries: [], damage: error.toJSON(), status: 'damaged' };
  }
}

async function statusOf(record: RunRecord, isAlive: () => Promise<boolean>): Promise<RunView['status']> {
  const { state } = record;
  if (state !== 'opening' && state !== 'running' && state !== 'draining') return state;
  // A run that was never closed and that nobody holds was cut off: kill -9, power loss.
  return (await isAlive()) ? 'running' : 'interrupted';
}

export function isResumable(view: RunView): boolean {
  return view.status === 'failed' || view.status === 'interrupted' || view.status === 'paused';
}

/** Counts for lists. */
export function countSteps(record: RunRecord): {
  total: number;
  done: number;
  cached: number;
  skipped: number;
  failed: number;
} {
  const states = [...record.steps.values()].map((step) => step.state);
  const count = (...wanted: string[]): number => states.filter((state) => wanted.includes(state)).length;
  return {
    total: states.length,
    done: count('succeeded', 'cached', 'skipped'),
    cached: count('cached'),
    skipped: count('skipped'),
    failed: count('failed'),
  };
}

/** The step that was being worked on, or the one that comes next. */
export function currentStep(plan: Plan, record: RunRecord): string | null {
  const states = plan.steps.map(({ id }) => [id, record.steps.get(id)?.state] as const);
  const found =
    states.find(([, state]) => state === 'failed') ??
    states.find(([, state]) => state === 'running' || state === 'backoff') ??
    states.find(([, state]) => state === 'pending');
  return found?.[0] ?? null;
}
