/** Things that are gone or changed, and steps that somebody wants done again. */
import { describe, expect, test } from 'vitest';
import { Engine } from '../../../src/engine/engine.ts';
import type { RunEvent } from '../../../src/engine/events.ts';
import { withDependants } from '../../../src/engine/plan-selection.ts';
import type { RunOptions } from '../../../src/engine/run-options.ts';
import { planOf, plannedStep, World } from './support/world.ts';

const plan = planOf(
  [
    plannedStep('a', 'mix', [], { parts: ['a'], thing: true }),
    plannedStep('b', 'mix', ['a'], { parts: ['${{ steps.a.outputs.text }}'], thing: true }),
    plannedStep('c', 'mix', [], { parts: ['c'] }),
  ],
  { b: '${{ steps.b.outputs.text }}' },
);

async function run(world: World, options: RunOptions = {}, resumed: string | null = null, asked = plan) {
  const events: RunEvent[] = [];
  const { engine } = world.process();
  const how = { ...options, onEvent: (event: RunEvent) => void events.push(event) };
  const opened = resumed === null ? await engine.start(asked, how) : await engine.resume(resumed, how);
  const end = await opened.done;
  const started = events.flatMap((event) => (event.type === 'step.started' ? [event.step] : []));
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [`${event.step ?? ''}: ${event.text}`] : []));
  return { end, started, warnings };
}

describe('what a pipeline gives', () => {
  test('is made again, once, where it is gone, and said in one line', async () => {
    const world = new World();
    const first = await run(world);
    const thing = first.end.outputs['b'] as string;
    world.things.delete(thing);
    const second = await run(world);
    expect(second.end).toMatchObject({ status: 'succeeded', outputs: first.end.outputs });
    expect(second.started).toEqual(['b']);
    expect(second.warnings).toEqual([`b: the thing ${thing.slice(6, 18)} that it made is gone: it is done again`]);
    expect(world.things.has(thing)).toBe(true);
  });

  test('is made again with what it is made of, where that is gone too', async () => {
    const world = new World();
    await run(world);
    world.things.clear();
    const { end, started, warnings } = await run(world);
    expect(end.status).toBe('succeeded');
    expect(started).toEqual(['a', 'b']);
    expect(warnings).toHaveLength(2);
  });

  test('that nobody asks for any more may be gone', async () => {
    const world = new World();
    const first = await run(world);
    for (const key of world.things.keys()) if (key !== first.end.outputs['b']) world.things.delete(key);
    expect((await run(world)).started).toEqual([]);
  });
});

test('what is not to be kept is made again by every run, and what comes of it is taken where it is the same', async () => {
  const world = new World();
  const lacking = planOf([
    plannedStep('a', 'lack', [], { parts: ['a'] }),
    plannedStep('b', 'mix', ['a'], { parts: ['${{ steps.a.outputs.text }}'] }),
  ]);
  expect((await run(world, {}, null, lacking)).started).toEqual(['a', 'b']);
  expect((await run(world, {}, null, lacking)).started).toEqual(['a']);
});

describe('a run that is gone on with from a step', () => {
  test('does it and what depends on it again, also when it had succeeded, and nothing else', async () => {
    const world = new World();
    const { end } = await run(world);
    const again = [...withDependants(plan, ['a'])];
    const second = await run(world, { again }, end.runId);
    expect(second.end.status).toBe('succeeded');
    expect(second.started).toEqual(['a', 'b']);
    await expect(run(world, {}, end.runId)).rejects.toMatchObject({ code: 'MSP_RUN_NOT_RESUMABLE' });
  });

  test('does what is used up by it again, too', async () => {
    const world = new World();
    const staged = planOf([
      plannedStep('base', 'mix', [], { parts: ['base'] }),
      plannedStep('place', 'place', ['base'], { parts: ['${{ steps.base.outputs.text }}'] }),
      plannedStep('name', 'place', ['place'], { parts: ['${{ steps.place.outputs.text }}'] }),
      plannedStep('look', 'mix', ['place'], { parts: ['${{ steps.place.outputs.text }}'] }),
    ]);
    const { runId } = await (await world.process().engine.start(staged, {})).done;
    world.executions.length = 0;
    const resumed = await world.process().engine.resume(runId, { again: ['name'] });
    expect((await resumed.done).status).toBe('succeeded');
    expect(world.executions.toSorted()).toEqual(['look', 'name', 'place']);
  });

  test('still takes no stored result when it was cut off in between', async () => {
    const calm = new World();
    const whole = calm.process();
    await (
      await whole.engine.start(plan, { jobs: 1 })
    ).done;
    let cut = 0;
    for (let moments = 1; moments < 40; moments += 1) {
      const world = new World();
      const { end } = await run(world, { jobs: 1 });
      world.executions.length = 0;
      const { engine, killed } = world.process(moments);
      const opening = engine
        .resume(end.runId, { jobs: 1, again: ['a', 'b'] })
        .then((opened) => opened.done)
        .catch(() => 'killed' as const);
      if ((await Promise.race([opening, killed])) !== 'killed') break;
      const isOpen = (await world.process().engine.findUnfinished(plan)) === end.runId;
      if (!isOpen) continue;
      cut += 1;
      await run(world, { jobs: 1 }, end.runId);
      expect(world.executions).toEqual(expect.arrayContaining(['a', 'b']));
    }
    expect(cut).toBeGreaterThan(5);
  });
});

test('a step that is wanted anew is told so, and no other', async () => {
  const world = new World();
  const { ports, registry } = world.parts();
  const told: string[] = [];
  const look = await registry.get('look');
  registry.add('ear', () =>
    Promise.resolve({
      ...look,
      id: 'ear',
      run: (context: Parameters<typeof look.run>[0]) => {
        told.push(`${context.stepId} ${context.anew}`);
        return look.run(context);
      },
    }),
  );
  const ears = planOf([plannedStep('a', 'ear', [], { value: 'a' }), plannedStep('b', 'ear', ['a'], { value: 'b' })]);
  const engine = new Engine(ports, registry);
  for (const options of [{}, { refresh: ['a'] }, { noCache: true }]) await (await engine.start(ears, options)).done;
  const { runId } = await (await engine.start(ears, {})).done;
  await (
    await engine.resume(runId, { again: ['b'] })
  ).done;
  expect(told).toEqual([
    ...['a false', 'b false'],
    ...['a true', 'b false'],
    ...['a true', 'b true'],
    ...['a false', 'b false'],
    'b true',
  ]);
});
