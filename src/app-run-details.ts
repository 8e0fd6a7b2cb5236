/** Runs as a person sees them: from their plans and journals. */
import { readdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { RunStepDetail, RunSummary } from './app-types.ts';
import type { Plan } from './engine/plan.ts';
import { countSteps, currentStep, isResumable, type RunView } from './engine/run-summary.ts';

/** A built-in pipeline is known by its name, any other by its file. */
export function sourceOf({ pipeline }: Plan): string {
  return pipeline.file !== null && isAbsolute(pipeline.file) ? pipeline.file : pipeline.id;
}

export function machineOf(plan: Plan | null): string | null {
  const name = plan?.inputs['name'];
  return typeof name === 'string' ? name : null;
}

const iso = (milliseconds: number | null | undefined): string | null =>
  milliseconds === null || milliseconds === undefined ? null : new Date(milliseconds).toISOString();

export function summaryOf(view: RunView): RunSummary {
  const { plan, record } = view;
  const startedAt = record?.startedAt ?? null;
  const endedAt = record?.endedAt ?? (view.status === 'running' ? null : (record?.lastAt ?? null));
  return {
    id: view.id,
    pipeline: plan?.pipeline.id ?? '?',
    machine: machineOf(plan),
    status: view.status,
    resumable: isResumable(view),
    startedAt: iso(startedAt) ?? startOfId(view.id),
    endedAt: iso(endedAt),
    durationMs: startedAt === null || endedAt === null ? null : endedAt - startedAt,
    steps:
      record === null
        ? { total: plan?.steps.length ?? 0, done: 0, cached: 0, skipped: 0, failed: 0 }
        : countSteps(record),
    currentStep: plan === null || record === null || view.status === 'succeeded' ? null : currentStep(plan, record),
    exitCode: record?.exitCode ?? null,
    inputs: plan?.inputs ?? {},
    user: record?.user ?? '',
    version: record?.version ?? '',
  };
}

export function startOf(view: RunView): number {
  return view.record?.startedAt ?? Date.parse(startOfId(view.id));
}

/** An id begins with the time of its start. */
function startOfId(id: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/u.exec(id);
  if (parts === null) return new Date(0).toISOString();
  const [, year, month, day, hour, minute, second] = parts;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
}

export async function stepDetail(view: RunView, id: string, uses: string): Promise<RunStepDetail> {
  const step = view.record?.steps.get(id);
  const place = join(view.directory, 'steps', encodeURIComponent(id));
  const logs = (await readdir(place).catch(() => [])).filter((name) => name.endsWith('.log'));
  const byAttempt = logs.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return {
    id,
    uses,
    status: step?.state ?? 'pending',
    attempts: step?.attempts ?? 0,
    startedAt: iso(step?.startedAt),
    durationMs: step?.durationMs ?? null,
    key: step?.key ?? null,
    outputs: step?.outputs ?? null,
    error: step?.error ?? null,
    logs: byAttempt.map((name) => join(place, name)),
  };
}
