/** Random graphs, random failures, random cut-offs: the same outputs as the uninterrupted run, and nothing finished runs again. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJournal } from '../../../src/engine/journal.ts';
import type { Plan } from '../../../src/engine/plan.ts';
import { untilDone } from './support/until-done.ts';
import { planOf, plannedStep, World } from './support/world.ts';

interface Shape {
  readonly needs: readonly number[];
  readonly failing: number;
  readonly thing: boolean;
  readonly look: boolean;
  readonly skipped: boolean;
}

const shape = fc.record({
  needs: fc.array(fc.nat(30), { maxLength: 4 }),
  failing: fc.constantFrom(0, 0, 0, 1, 2),
  thing: fc.boolean(),
  look: fc.constantFrom(false, false, false, true),
  skipped: fc.constantFrom(false, false, false, false, true),
});

function graph(shapes: readonly Shape[]): Plan {
  const steps = shapes.map((one, index) => {
    const needs = [...new Set(one.needs.filter((need) => need >= 0 && need < index))].map((need) => `s${need}`);
    const parts = needs.map((need) => `\${{ steps.${need}.outputs.text }}`);
    const known = needs.filter((need) => shapes[Number(need.slice(1))]?.skipped !== true);
    const values = {
      parts: known.map((need) => parts[needs.indexOf(need)] as string).concat(`salt ${index}`),
      failing: one.failing,
      thing: one.thing,
    };
    const more = one.skipped ? { if: '${{ false }}' } : {};
    return one.look && index === 0
      ? plannedStep(`s${index}`, 'look', [], { value: 'same' })
      : plannedStep(`s${index}`, 'mix', needs, values, more);
  });
  const outputs = Object.fromEntries(
    shapes.flatMap((one, index) => (one.skipped ? [] : [[`s${index}`, `\${{ steps.s${index}.outputs.text }}`]])),
  );
  return planOf(steps, outputs);
}

test('cut-offs change nothing', async () => {
  let killsSeen = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(shape, { minLength: 1, maxLength: 14 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      async (shapes, cuts, jobs) => {
        const plan = graph(shapes);
        const calm = await untilDone(new World(), plan, [], { jobs });
        const world = new World();
        const stormy = await untilDone(world, plan, cuts, { jobs });
        killsSeen += stormy.kills;
        expect(stormy.end.status).toBe('succeeded');
        expect(stormy.end.outputs).toEqual(calm.end.outputs);
        const done = new Map<string, number>();
        const started = new Map<string, number>();
        for (const id of await world.runs.list()) {
          const files = await world.runs.open(id);
          for (const entry of readJournal(await files.readJournal(), id).entries) {
            if (entry.type === 'START') started.set(entry.step, (started.get(entry.step) ?? 0) + 1);
            if (entry.type !== 'DONE') continue;
            if (plan.steps.find((step) => step.id === entry.step)?.uses === 'mix')
              done.set(entry.step, (done.get(entry.step) ?? 0) + 1);
          }
        }
        for (const [step, count] of done) expect({ step, count }).toEqual({ step, count: 1 });
        for (const step of new Set(world.executions)) {
          const ran = world.executions.filter((id) => id === step).length;
          expect(ran, `executions of ${step} without START`).toBeLessThanOrEqual(started.get(step) ?? 0);
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(killsSeen).toBeGreaterThan(300);
});

test('a second run of the same plan makes nothing anew', async () => {
  const world = new World();
  const plan = graph(
    [0, 1, 2, 3].map((index) => ({ needs: [index - 1], failing: 0, thing: true, look: false, skipped: false })),
  );
  const first = await untilDone(world, plan, [], { jobs: 2 });
  const before = world.executions.length;
  const second = await untilDone(world, plan, [], { jobs: 2 });
  expect(second.end.outputs).toEqual(first.end.outputs);
  expect(second.end.runId).not.toBe(first.end.runId);
  expect(world.executions.length).toBe(before);
  expect(second.end.steps.cached).toBe(4);
});
