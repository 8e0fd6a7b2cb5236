/** Which step made a thing that another one refers to. */
import type { Run } from './run.ts';

/** The step furthest up whose outputs hold the reference: others only hand it on. Null when it came from outside. */
export function findProducer(
  run: Run<never> | Run<unknown>,
  needs: readonly string[],
  reference: string,
): string | null {
  for (const need of needs) {
    const outputs = JSON.stringify(run.journal.step(need).outputs ?? null);
    if (!outputs.includes(reference)) continue;
    const further = run.planned.get(need);
    return (further === undefined ? null : findProducer(run, further.needs, reference)) ?? need;
  }
  return null;
}
