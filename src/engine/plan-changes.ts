/** What two plans of one pipeline do differently. */
import { planDigest } from './plan-codec.ts';
import type { Plan, PlannedStep } from './plan.ts';

/** Null when they do the same; summaries and line numbers do not count. */
export function describePlanChanges(stored: Plan, today: Plan): string | null {
  if (planDigest(stored) === planDigest(today)) return null;
  const before = new Map(stored.steps.map((step) => [step.id, meaning(step)]));
  const after = new Map(today.steps.map((step) => [step.id, meaning(step)]));
  const parts = [
    ...listed(
      'new',
      [...after.keys()].filter((id) => !before.has(id)),
    ),
    ...listed(
      'gone',
      [...before.keys()].filter((id) => !after.has(id)),
    ),
    ...listed(
      'changed',
      [...after].filter(([id, text]) => before.has(id) && before.get(id) !== text).map(([id]) => id),
    ),
  ];
  return `the pipeline file has changed since (${parts.join('; ') || 'its outputs'})`;
}

function meaning({ line: _line, summary: _summary, ...rest }: PlannedStep): string {
  return JSON.stringify(rest);
}

function listed(word: string, ids: readonly string[]): readonly string[] {
  return ids.length === 0 ? [] : [`${word}: ${ids.join(', ')}`];
}
