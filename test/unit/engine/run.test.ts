import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.ts';
import { readJournal, type JournalEntry } from '../../../src/engine/journal.ts';
import type { Plan } from '../../../src/engine/plan.ts';
import type { RunOptions } from '../../../src/engine/run-options.ts';
import type { RunEnd } from '../../../src/engine/run.ts';
import { planOf, plannedStep, World } from './support/world.ts';

async function run(world: World, plan: Plan, options: RunOptions = {}): Promise<{ end: RunEnd; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const { engine } = world.process();
  const opened = await engine.start(plan, { ...options, onEvent: (event) => events.push(event) });
  return { end: await opened.done, events };
}

async function entries(world: World, runId: string): Promise<readonly JournalEntry[]> {
  return readJournal(await (await world.runs.open(runId)).readJournal(), runId).entries;
}

const types = (events: readonly RunEvent[], step: string): string[] =>
  events
    .filter((event) => 'step' in event && event.step === step && event.type !== 'step.log')
    .map((event) => event.type);

describe('retry', () => {
  test('an error that is listed is tried again, with doubling waits, and the journal knows when', async () => {
    const world = new World();
    const { end, events } = await run(world, planOf([plannedStep('a', 'mix', [], { parts: ['x'], failing: 2 })]));
    expect(end.status).toBe('succeeded');
    const fails = (await entries(world, end.runId)).filter((entry) => entry.type === 'FAIL');
    expect(fails.map((entry) => (entry.retryAt ?? 0) - entry.ts)).toEqual([
      expect.closeTo(10, -1),
      expect.closeTo(20, -1),
    ]);
    expect(types(events, 'a')).toEqual([
      'step.started',
      'step.retry',
      'step.started',
      'step.retry',
      'step.started',
      'step.succeeded',
      'checkpoint.saved',
    ]);
  });

  test('an error that is not listed ends the run at once, with its own exit code', async () => {
    const world = new World();
    const { end } = await run(world, planOf([plannedStep('a', 'mix', [], { parts: [], broken: true })]));
    expect(end).toMatchObject({ status: 'failed', exitCode: 7, error: { code: 'MSP_SUITE_NOT_FOUND' } });
    expect(world.executions).toEqual(['a']);
  });

  test('after the last attempt the step has failed', async () => {
    const world = new World();
    const plan = planOf([
      plannedStep(
        'a',
        'mix',
        [],
        { parts: [], failing: 9 },
        { retry: { attempts: 2, on: ['MSP_NETWORK'], delayMs: 1 } },
      ),
    ]);
    const { end } = await run(world, plan);
    expect(end).toMatchObject({ status: 'failed', error: { code: 'MSP_NETWORK' } });
    expect(world.executions).toEqual(['a', 'a']);
  });
});

describe('what failed steps do to others', () => {
  const plan = planOf([
    plannedStep('a', 'mix', [], { parts: [], broken: true }),
    plannedStep('b', 'mix', ['a'], { parts: ['b'] }),
    plannedStep('tidy', 'mix', ['b'], { parts: ['t'] }, { always: true }),
  ]);

  test('dependants are blocked, `always` steps run', async () => {
    const { end, events } = await run(new World(), plan);
    expect(end.status).toBe('failed');
    expect(types(events, 'b')).toEqual(['step.blocked']);
    expect(types(events, 'tidy')).toContain('step.succeeded');
  });

  test('resume tries the failed one again and what it blocked, not what succeeded', async () => {
    const world = new World();
    const { end } = await run(world, plan);
    world.executions.length = 0;
    const again = await (await world.process().engine.resume(end.runId, {})).done;
    expect(again.status).toBe('failed');
    expect(world.executions).toEqual(['a']);
  });
});

test('a step whose condition does not hold is skipped, and what refers to it sees nothing', async () => {
  const plan = planOf(
    [
      plannedStep('a', 'mix', [], { parts: [] }, { if: '${{ false }}' }),
      plannedStep('b', 'mix', ['a'], { parts: ['b'] }),
    ],
    { b: '${{ steps.b.outputs.text }}' },
  );
  const { end, events } = await run(new World(), plan);
  expect(end.status).toBe('succeeded');
  expect(types(events, 'a')).toEqual(['step.skipped']);
});

test('cancel: no new steps, exit code by signal, and the same run goes on later', async () => {
  const world = new World();
  const plan = planOf([
    plannedStep('a', 'mix', [], { parts: ['a'] }),
    plannedStep('b', 'mix', ['a'], { parts: ['${{ steps.a.outputs.text }}'] }),
  ]);
  const { engine } = world.process();
  const opened = await engine.start(plan, {
    onEvent: (event) => {
      if (event.type === 'step.succeeded' && event.step === 'a') opened.cancel('SIGTERM');
    },
  });
  const end = await opened.done;
  expect(end).toMatchObject({ status: 'interrupted', exitCode: 143, error: null });
  expect(world.executions).toEqual(['a']);
  const again = world.process();
  expect(await again.engine.findUnfinished(plan)).toBe(end.runId);
  expect((await (await again.engine.resume(end.runId, {})).done).status).toBe('succeeded');
  expect(world.executions).toEqual(['a', 'b']);
  expect(await again.engine.findUnfinished(plan)).toBeNull();
});

test('a run that has succeeded cannot be resumed; a locked one neither', async () => {
  const world = new World();
  const plan = planOf([plannedStep('a', 'mix', [], { parts: ['a'] })]);
  const { end } = await run(world, plan);
  await expect(world.process().engine.resume(end.runId, {})).rejects.toMatchObject({ code: 'MSP_RUN_NOT_RESUMABLE' });
  const { engine } = world.process();
  const opened = await engine.start(plan, {});
  await expect(engine.resume(opened.runId, {})).rejects.toMatchObject({ code: 'MSP_RUN_BUSY' });
  await opened.done;
});

describe('results', () => {
  const chain = planOf([
    plannedStep('a', 'mix', [], { parts: ['a'], thing: true }),
    plannedStep('b', 'mix', ['a'], { parts: ['${{ steps.a.outputs.text }}'], thing: true }),
    plannedStep('c', 'mix', ['b'], { parts: ['${{ steps.b.outputs.text }}', 'first'] }),
  ]);
  const changed = planOf(
    chain.steps.map((step) =>
      step.id === 'c' ? { ...step, with: { parts: ['${{ steps.b.outputs.text }}', 'second'] } } : step,
    ),
  );

  test('a changed step is done anew, what is before it is reused', async () => {
    const world = new World();
    await run(world, chain);
    world.executions.length = 0;
    const { events } = await run(world, changed);
    expect(world.executions).toEqual(['c']);
    expect(events.find((event) => event.type === 'step.started')).toMatchObject({
      step: 'c',
      why: 'parts.1 is second, was first',
    });
  });

  test('what a dependant needs and is gone is made again, as far back as needed and no further', async () => {
    const world = new World();
    await run(world, chain);
    const [first, second] = [...world.things.keys()];
    world.things.delete(second as string);
    world.executions.length = 0;
    const { end } = await run(world, changed);
    expect(end.status).toBe('succeeded');
    expect(world.executions).toEqual(['b', 'c']);
    world.things.delete(first as string);
    world.things.delete(second as string);
    world.executions.length = 0;
    world.results.clear();
    for (const entry of await entries(world, end.runId)) {
      if (entry.type === 'CACHED' && entry.step === 'a')
        world.results.set(entry.key, {
          key: entry.key,
          type: 'mix',
          version: 1,
          identity: {},
          outputs: entry.outputs,
          runId: 'r',
          createdAt: new Date(0).toISOString(),
          durationMs: 1,
        });
    }
    const again = await run(world, changed);
    expect(again.end.outputs).toEqual(end.outputs);
    expect(world.executions).toEqual(['a', 'b', 'c']);
  });

  test('--no-cache and --refresh do it anew and say so', async () => {
    const world = new World();
    await run(world, chain);
    world.executions.length = 0;
    await run(world, chain, { noCache: true });
    expect(world.executions).toEqual(['a', 'b', 'c']);
    world.executions.length = 0;
    const { events } = await run(world, chain, { refresh: ['b'] });
    expect(world.executions).toEqual(['b']);
    expect(events.find((event) => event.type === 'step.started')).toMatchObject({
      why: 'it is to be done anew (--refresh)',
    });
  });

  test('what a stored result stands for is looked at when it is needed, and only then', async () => {
    const world = new World();
    const planWith = (part: string): Plan =>
      planOf([
        plannedStep('a', 'stash', [], { value: 'x' }),
        plannedStep('b', 'stash', ['a'], { value: 'y' }),
        plannedStep('c', 'mix', ['a', 'b'], { parts: ['${{ steps.b.outputs.text }}', part] }),
      ]);
    await run(world, planWith('one'));
    world.things.clear();
    world.executions.length = 0;
    await run(world, planWith('one'));
    expect(world.executions).toEqual([]);
    const { end, events } = await run(world, planWith('two'));
    expect(end.status).toBe('succeeded');
    expect(world.executions).toEqual(['a', 'b', 'c']);
    expect(events.filter((event) => event.type === 'warning')).toMatchObject([{ step: 'a' }, { step: 'b' }]);
    expect([...world.things.keys()]).toEqual(['stash:x', 'stash:y']);
  });

  test('a step that looks at the world is done again when a run is resumed; equal answers leave the rest alone', async () => {
    const world = new World();
    const plan = planOf([
      plannedStep('look', 'look', [], { value: 'same' }),
      plannedStep('a', 'mix', ['look'], { parts: ['${{ steps.look.outputs.text }}'] }),
      plannedStep('b', 'mix', ['a'], { parts: ['${{ steps.a.outputs.text }}'], broken: true }),
    ]);
    const { end } = await run(world, plan);
    world.executions.length = 0;
    await (
      await world.process().engine.resume(end.runId, {})
    ).done;
    expect(world.executions).toEqual(['b']);
    const looks = (await entries(world, end.runId)).filter((entry) => entry.type === 'DONE' && entry.step === 'look');
    expect(looks.length).toBe(2);
  });
});

test('a step that is cut off again and again is told of, and still done', async () => {
  const world = new World();
  const plan = planOf([plannedStep('a', 'mix', [], { parts: ['a'] })]);
  const open = async (moments: number, events: RunEvent[]): Promise<RunEnd | 'killed' | undefined> => {
    const { engine, killed } = world.process(moments);
    const options: RunOptions = { onEvent: (event) => events.push(event) };
    const opening = (async () => {
      const unfinished = await engine.findUnfinished(plan);
      return (await (unfinished === null ? engine.start(plan, options) : engine.resume(unfinished, options))).done;
    })().catch(() => undefined);
    return Promise.race([killed, opening]);
  };
  const losses = async (): Promise<number> => {
    const [id] = await world.runs.list();
    return (await entries(world, id as string)).filter((entry) => entry.type === 'LOST').length;
  };
  // Dead soon after START, again and again.
  for (let round = 0; round < 20 && (round === 0 || (await losses()) < 4); round += 1) await open(11, []);
  const events: RunEvent[] = [];
  const end = await open(Infinity, events);
  expect(end).toMatchObject({ status: 'succeeded' });
  expect(await losses()).toBeGreaterThanOrEqual(4);
  expect(events.filter((event) => event.type === 'warning')).toMatchObject([
    { step: 'a', text: expect.stringMatching(/cut off \d times in a row/u) },
  ]);
});

test('independent steps run side by side, up to the number of jobs', async () => {
  const many = planOf(Array.from({ length: 6 }, (_, index) => plannedStep(`s${index}`, 'mix', [], { parts: [index] })));
  for (const jobs of [1, 3]) {
    const { events } = await run(new World(), many, { jobs });
    let [active, most] = [0, 0];
    for (const event of events) {
      if (event.type === 'step.started') most = Math.max(most, (active += 1));
      if (event.type === 'step.succeeded') active -= 1;
    }
    expect(most).toBe(jobs);
  }
});

test('at most three synced appends for a step, and the cost does not grow with the number of steps', async () => {
  const syncs = async (count: number): Promise<number> => {
    const world = new World();
    const steps = Array.from({ length: count }, (_, index) =>
      plannedStep(`s${index}`, 'mix', index === 0 ? [] : [`s${index - 1}`], {
        parts: index === 0 ? [] : [`\${{ steps.s${index - 1}.outputs.text }}`],
      }),
    );
    const { end } = await run(world, planOf(steps), { jobs: 2 });
    expect(end.status).toBe('succeeded');
    return world.syncs;
  };
  expect(await syncs(10)).toBeLessThanOrEqual(10 * 3 + 3);
  expect(await syncs(200)).toBeLessThanOrEqual(200 * 3 + 3);
});
