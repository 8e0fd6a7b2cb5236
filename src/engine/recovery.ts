/** What the journal must say before a run goes on: what was cut off, what is looked at again, what is tried again. */
import type { JournalBody } from './journal.ts';
import type { Plan } from './plan.ts';
import type { RunRecord } from './run-state.ts';
import type { StepRegistry } from './step-registry.ts';

/** Two batches: the second one builds on the first. */
export async function recoveryEntries(
  plan: Plan,
  record: RunRecord,
  registry: StepRegistry,
): Promise<readonly [readonly JournalBody[], readonly JournalBody[]]> {
  const cutOff: JournalBody[] = [];
  const anew: JournalBody[] = [];
  const unfinished = plan.steps.some(
    ({ id }) => !['succeeded', 'cached', 'skipped'].includes(record.steps.get(id)?.state ?? 'pending'),
  );
  for (const { id, uses } of plan.steps) {
    const step = record.steps.get(id);
    if (step === undefined) continue;
    if (step.state === 'running') {
      cutOff.push({ type: 'LOST', step: id, why: 'cut off' });
    } else if (step.state === 'failed') {
      anew.push({ type: 'INVALIDATE', step: id, why: 'it is tried again' });
    } else if (step.state === 'blocked') {
      anew.push({ type: 'INVALIDATE', step: id, why: 'what blocked it is tried again' });
    } else if (unfinished && (step.state === 'succeeded' || step.state === 'cached')) {
      if ((await registry.get(uses)).reuse === 'never')
        anew.push({ type: 'INVALIDATE', step: id, why: 'it is looked at again' });
    }
  }
  return [cutOff, anew];
}

/**
 * The wished steps, all that depends on them, and what they need that serves one run only: such a result is used up by
 * the steps after it, as a place that was given its last name is.
 */
export async function stepsAgain(
  plan: Plan,
  wished: readonly string[],
  registry: StepRegistry,
): Promise<readonly string[]> {
  const again = new Set(wished);
  const isUsedUp = new Set<string>();
  for (const { id, uses } of plan.steps) if ((await registry.get(uses)).reuse === 'run') isUsedUp.add(id);
  for (let before = -1; before !== again.size;) {
    before = again.size;
    for (const { id, needs } of plan.steps.toReversed())
      if (again.has(id)) for (const need of needs) if (isUsedUp.has(need)) again.add(need);
    for (const { id, needs } of plan.steps) if (needs.some((need) => again.has(need))) again.add(id);
  }
  return plan.steps.map(({ id }) => id).filter((id) => again.has(id));
}
