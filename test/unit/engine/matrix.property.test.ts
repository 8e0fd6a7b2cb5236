/** Matrices whose cells fail now and then, cut off at any moment: the same end as without, and nothing finished runs again. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJournal } from '../../../src/engine/journal.ts';
import { cellStepId } from '../../../src/engine/matrix.ts';
import type { Plan, PlannedStep } from '../../../src/engine/plan.ts';
import { untilDone } from './support/until-done.ts';
import { planOf, plannedStep, World } from './support/world.ts';

interface Shape {
  readonly cells: readonly ('fine' | 'broken' | 'flaky')[];
  readonly maxParallel: number | null;
  readonly failFast: boolean;
  /** Does one step, run once, use what all cells give? */
  readonly gathers: boolean;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  cells: fc.array(fc.constantFrom('fine', 'fine', 'fine', 'flaky', 'broken'), { minLength: 1, maxLength: 6 }),
  maxParallel: fc.constantFrom(null, 1, 2),
  failFast: fc.boolean(),
  gathers: fc.boolean(),
});

function planFor({ cells, maxParallel, failFast, gathers }: Shape): Plan {
  const ids = cells.map((_, index) => `c${index}`);
  const inCell = (step: string, cell: string): string => cellStepId(step, cell);
  const steps: PlannedStep[] = [plannedStep('base', 'mix', [], { parts: ['base'], thing: true })];
  for (const [index, kind] of cells.entries()) {
    const cell = ids[index] ?? '';
    const values = { parts: ['${{ matrix.n }}', '${{ steps.base.outputs.text }}'], thing: true };
    const trouble = { broken: kind === 'broken', failing: kind === 'flaky' ? 2 : 0 };
    steps.push(
      plannedStep(inCell('build', cell), 'mix', ['base'], { ...values, ...trouble }, { cell }),
      plannedStep(
        inCell('pack', cell),
        'mix',
        [inCell('build', cell)],
        { parts: ['${{ steps.build.outputs.text }}'] },
        { cell },
      ),
    );
  }
  if (gathers) {
    const needs = ids.map((cell) => inCell('pack', cell));
    steps.push(plannedStep('all', 'mix', needs, { parts: ['${{ steps.pack.outputs.*.text }}'] }));
  }
  const matrix = { cells: ids.map((id, n) => ({ id, values: { n } })), maxParallel, failFast };
  return { ...planOf(steps, { packed: '${{ steps.pack.outputs.text }}' }), matrix };
}

async function journalOf(world: World) {
  const ids = await world.runs.list();
  return (
    await Promise.all(ids.map(async (id) => readJournal(await (await world.runs.open(id)).readJournal(), id).entries))
  ).flat();
}

test('cut-offs and failures in some cells leave the others as they would be', async () => {
  const seen = { kills: 0, failed: 0, succeeded: 0 };
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (given, cuts, jobs) => {
        const plan = planFor(given);
        const isBroken = given.cells.includes('broken');
        const calm = await untilDone(new World(), plan, [], { jobs });
        const world = new World();
        const stormy = await untilDone(world, plan, cuts, { jobs });
        seen.kills += stormy.kills;
        seen[isBroken ? 'failed' : 'succeeded'] += 1;
        expect(stormy.end.status).toBe(isBroken ? 'failed' : 'succeeded');
        expect(stormy.end.outputs).toEqual(calm.end.outputs);
        const entries = await journalOf(world);
        const done = entries.filter((entry) => entry.type === 'DONE').map((entry) => entry.step);
        expect(new Set(done).size, 'a finished step ran again').toBe(done.length);
        if (!given.failFast || !isBroken) {
          const fine = given.cells.flatMap((kind, index) =>
            kind === 'broken' ? [] : [`build@c${index}`, `pack@c${index}`],
          );
          const cached = entries.filter((entry) => entry.type === 'CACHED').map((entry) => entry.step);
          expect([...done, ...cached]).toEqual(expect.arrayContaining(fine));
        }
      },
    ),
    { numRuns: 80 },
  );
  expect(Math.min(seen.kills, seen.failed, seen.succeeded)).toBeGreaterThan(10);
});
