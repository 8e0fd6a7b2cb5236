/** Which step made a thing that another one refers to. */
import type { PlannedStep } from './plan.ts';
import type { Run } from './run.ts';

/** The step furthest up whose outputs hold the reference: others only hand it on. Null when it came from outside. */
export function findProducer(run: Run<never> | Run<unknown>, planned: PlannedStep, reference: string): string | null {
  for (const need of planned.needs) {
    const outputs = JSON.stringify(run.journal.step(need).outputs ?? null);
    if (!outputs.includes(reference)) continue;
    const further = run.planned.get(need);
    return (further === undefined ? null : findProducer(run, further, reference)) ?? need;
  }
  return null;
}
