import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.ts';
import { parsePipeline } from '../../../src/engine/pipeline-file.ts';
import { makePlan, type Plan } from '../../../src/engine/plan.ts';
import { ReadySet } from '../../../src/engine/ready-set.ts';
import type { RunOptions } from '../../../src/engine/run-options.ts';
import type { RunEnd } from '../../../src/engine/run.ts';
import { testInputTypes } from './support/front.ts';
import { World, worldRegistry } from './support/world.ts';

async function planOfText(text: string): Promise<Plan> {
  const registry = worldRegistry();
  return makePlan(await parsePipeline(text, { file: null, registry, inputTypes: testInputTypes }), {}, registry);
}

const chain = (matrix: string, more = '') => `format: 1
id: demo
summary: A chain in each cell
matrix: ${matrix}
steps:
  - { id: a, uses: mix, with: { parts: ["\${{ matrix.n }}", a], broken: "\${{ matrix.n == 13 }}" } }
  - { id: b, uses: mix, with: { parts: ["\${{ steps.a.outputs.text }}"] } }
${more}outputs:
  text: \${{ steps.b.outputs.text }}
`;
const list = (count: number, from = 0) => `[${Array.from({ length: count }, (_, index) => index + from).join(', ')}]`;

interface Seen {
  readonly end: RunEnd;
  readonly events: readonly RunEvent[];
  /** The most steps that ran at once, and the most cells that were begun and not done. */
  readonly most: { readonly running: number; readonly open: number };
}

async function run(world: World, plan: Plan, options: RunOptions = {}): Promise<Seen> {
  const events: RunEvent[] = [];
  const running = new Set<string>();
  const open = new Map<string, number>();
  const most = { running: 0, open: 0 };
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    if (!('step' in event) || event.step === null) return;
    const cell = plan.steps.find(({ id }) => id === event.step)?.cell ?? null;
    if (event.type === 'step.started') {
      running.add(event.step);
      if (cell !== null && !open.has(cell)) open.set(cell, plan.steps.filter((step) => step.cell === cell).length);
    }
    if (['step.succeeded', 'step.failed', 'step.cached', 'step.blocked', 'step.skipped'].includes(event.type)) {
      running.delete(event.step);
      if (cell !== null) open.set(cell, (open.get(cell) ?? 0) - 1);
    }
    most.running = Math.max(most.running, running.size);
    most.open = Math.max(most.open, [...open.values()].filter((left) => left > 0).length);
  };
  const unfinished = await world.process().engine.findUnfinished(plan);
  const { engine } = world.process();
  const how = { ...options, onEvent };
  const opened = unfinished === null ? await engine.start(plan, how) : await engine.resume(unfinished, how);
  return { end: await opened.done, events, most };
}

const ended = (events: readonly RunEvent[], type: RunEvent['type']): string[] =>
  events.flatMap((event) => (event.type === type && 'step' in event ? [String(event.step)] : []));

describe('a run of a matrix', () => {
  test('gives each output for every cell', async () => {
    const { end } = await run(new World(), await planOfText(chain('{ n: [1, 2] }')));
    expect(end.status).toBe('succeeded');
    expect(Object.keys(end.outputs['text'] as object)).toEqual(['1', '2']);
    const texts = Object.values(end.outputs['text'] as Record<string, string>);
    expect(new Set(texts).size).toBe(2);
  });

  test('200 cells: no more at once than there are jobs, and a cell is done before the next ones begin', async () => {
    const { end, most, events } = await run(new World(), await planOfText(chain(`{ n: ${list(200, 100)} }`)), {
      jobs: 4,
    });
    expect(end).toMatchObject({ status: 'succeeded', steps: { total: 400, done: 400 } });
    expect(most.running).toBeLessThanOrEqual(4);
    expect(most.open).toBeLessThanOrEqual(4);
    expect(ended(events, 'step.succeeded')).toHaveLength(400);
  });

  test('no more cells are open than max-parallel says, however many jobs there are', async () => {
    const { end, most } = await run(
      new World(),
      await planOfText(chain('{ n: [1, 2, 3, 4, 5, 6], max-parallel: 2 }')),
      { jobs: 6 },
    );
    expect(end.status).toBe('succeeded');
    expect(most.open).toBe(2);
  });

  test('a failure ends it early, and only what is missing is done when it goes on', async () => {
    const world = new World();
    const { end, events } = await run(world, await planOfText(chain('{ n: [13, 1, 2, 3] }')), { jobs: 1 });
    expect(end).toMatchObject({ status: 'failed', error: { code: 'MSP_SUITE_NOT_FOUND' } });
    expect(ended(events, 'step.failed')).toEqual(['a@13']);
    expect(ended(events, 'step.succeeded')).toEqual([]);
  });

  test('without fail-fast the other cells go on, and a resumed run does only what failed', async () => {
    const world = new World();
    const plan = await planOfText(chain('{ n: [13, 1, 2], fail-fast: false }'));
    const first = await run(world, plan, { jobs: 1 });
    expect(first.end).toMatchObject({ status: 'failed', outputs: {} });
    expect(ended(first.events, 'step.succeeded')).toEqual(['a@1', 'b@1', 'a@2', 'b@2']);
    expect(ended(first.events, 'step.blocked')).toEqual(['b@13']);
    const second = await run(world, plan, { jobs: 1 });
    expect(second.end.runId).toBe(first.end.runId);
    expect(ended(second.events, 'step.started')).toEqual(['a@13']);
    const eager = await run(new World(), plan, { jobs: 1, keepGoing: false });
    expect(ended(eager.events, 'step.succeeded')).toEqual([]);
  });

  test('a step that runs once waits for all cells and sees all of them', async () => {
    const once = '  - { id: all, uses: mix, matrix: false, with: { parts: ["${{ steps.b.outputs.*.text }}"] } }\n';
    const plan = await planOfText(chain('{ n: [1, 2, 3], max-parallel: 1 }', once));
    const { events, end } = await run(new World(), plan);
    expect(end.status).toBe('succeeded');
    expect(ended(events, 'step.succeeded').at(-1)).toBe('all');
  });

  test('the list of what all cells gave does not depend on which of them ended first', async () => {
    const text = (failing: number): string => `format: 1
id: demo
summary: The first cell may be the last to end
matrix: { n: [x, y, z] }
steps:
  - { id: a, uses: mix, with: { parts: ["\${{ matrix.n }}"], failing: "\${{ matrix.n == 'x' && ${failing} || 0 }}" } }
  - { id: all, uses: mix, matrix: false, with: { parts: ["\${{ steps.a.outputs.*.text }}"] } }
outputs:
  text: \${{ steps.all.outputs.text }}
`;
    const smooth = await run(new World(), await planOfText(text(0)));
    const rough = await run(new World(), await planOfText(text(2)));
    expect(ended(smooth.events, 'step.succeeded')).toEqual(['a@x', 'a@y', 'a@z', 'all']);
    expect(ended(rough.events, 'step.succeeded')).toEqual(['a@y', 'a@z', 'a@x', 'all']);
    expect(rough.end.outputs).toEqual(smooth.end.outputs);
  });

  test('a step in the middle that waits for all cells opens them all, whatever max-parallel says', async () => {
    const middle = `  - { id: all, uses: mix, matrix: false, with: { parts: ["\${{ steps.b.outputs.*.text }}"] } }
  - { id: c, uses: mix, with: { parts: ["\${{ steps.all.outputs.text }}"] } }
`;
    const { end } = await run(new World(), await planOfText(chain('{ n: [1, 2, 3], max-parallel: 1 }', middle)));
    expect(end).toMatchObject({ status: 'succeeded', steps: { total: 10, done: 10 } });
  });

  test('cells that came are made, and all others come from the cache', async () => {
    const world = new World();
    await run(world, await planOfText(chain('{ n: [1, 2] }')));
    const { events } = await run(world, await planOfText(chain('{ n: [1, 2, 3] }')));
    expect(ended(events, 'step.cached').toSorted()).toEqual(['a@1', 'a@2', 'b@1', 'b@2']);
    expect(ended(events, 'step.succeeded')).toEqual(['a@3', 'b@3']);
  });
});

test('planning 200 cells looks at each step of each cell once', async () => {
  const registry = worldRegistry();
  let asked = 0;
  const counting = new Proxy(registry, {
    get: (target, name) => {
      if (name === 'get') asked += 1;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const pipeline = await parsePipeline(chain(`{ n: ${list(200)} }`), {
    file: null,
    registry,
    inputTypes: testInputTypes,
  });
  const plan = await makePlan(pipeline, {}, counting);
  expect(plan.steps).toHaveLength(400);
  // Only the steps that use a value of the cell are checked again: one of the two.
  expect(asked).toBe(200);
});

test('what is ready costs the same for each step of a large matrix', () => {
  const cells = Array.from({ length: 1000 }, (_, index) => String(index));
  const steps = cells.flatMap((cell) => [
    { id: `a@${cell}`, cell, needs: [] },
    { id: `b@${cell}`, cell, needs: [`a@${cell}`] },
  ]);
  const ready = new ReadySet(steps, 3);
  const taken: string[] = [];
  const running: string[] = [];
  for (;;) {
    const id = running.length < 4 ? ready.take(running.length === 0) : null;
    if (id !== null) {
      taken.push(id);
      running.push(id);
      expect(ready.openCells).toBeLessThanOrEqual(3);
      continue;
    }
    const done = running.shift();
    if (done === undefined) break;
    ready.settle(done);
  }
  expect(taken).toHaveLength(2000);
});
