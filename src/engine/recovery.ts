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
