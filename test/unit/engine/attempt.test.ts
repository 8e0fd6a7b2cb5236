/** What one attempt of a step may and may not do, and how steps keep out of each other's way. */
import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { Engine } from '../../../src/engine/engine.ts';
import type { RunEvent } from '../../../src/engine/events.ts';
import { MemoryRunStore } from '../../../src/engine/memory-run-store.ts';
import type { EnginePorts, StoredResult } from '../../../src/engine/ports.ts';
import type { RunEnd } from '../../../src/engine/run.ts';
import { StepRegistry } from '../../../src/engine/step-registry.ts';
import type { AnyStep, Step, StepContext } from '../../../src/engine/step.ts';
import { plannedStep, planOf } from './support/world.ts';

const input = z.strictObject({ value: z.json().default(null).describe('Anything') });
const output = z.strictObject({ value: z.json().describe('Anything') });
type Input = z.output<typeof input>;

function step(
  run: (context: StepContext<Input, null>) => Promise<{ value: z.core.util.JSONType }>,
  more: Partial<Step<typeof input, typeof output, null>> = {},
): Step<typeof input, typeof output, null> {
  return { id: 'try', summary: 'Try something', version: 1, input, output, reuse: 'always', run, ...more };
}

interface Shared {
  readonly results: Map<string, StoredResult>;
  readonly held: Map<string, Promise<void>>;
  readonly committed: string[];
  readonly discarded: string[];
}

const sharedPlace = (): Shared => ({ results: new Map(), held: new Map(), committed: [], discarded: [] });

function engineOf(type: AnyStep<null>, shared = sharedPlace()): Engine<null> {
  const registry = new StepRegistry<null>();
  registry.add('try', () => Promise.resolve(type));
  const ports: EnginePorts<null> = {
    runs: new MemoryRunStore(),
    results: {
      get: async (_type, key) => shared.results.get(key) ?? null,
      put: async (result) => void shared.results.set(result.key, result),
      remove: async (_type, key) => void shared.results.delete(key),
      recent: async () => [],
    },
    locks: {
      acquire: async (name, { onWait }) => {
        if (shared.held.has(name)) onWait('process 1');
        while (shared.held.has(name)) await shared.held.get(name);
        let free = (): void => {};
        shared.held.set(name, new Promise((resolve) => (free = resolve)));
        return {
          release: () => {
            shared.held.delete(name);
            free();
          },
        };
      },
    },
    workbench: {
      open: async (job) => ({
        services: null,
        commit: async () => void shared.committed.push(job.stepId),
        discard: async () => void shared.discarded.push(job.stepId),
      }),
      look: () => null,
      missing: async () => [],
    },
    secrets: {
      canonical: (source) => source,
      open: () => Promise.reject(new TypeError('no test asks for a secret')),
    },
    clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    process: { pid: 1, host: 'test', bootId: 'boot', user: 'tester', version: '0' },
    randomWord: () => Math.random().toString(36).slice(2, 6),
  };
  return new Engine(ports, registry);
}

async function runOne(
  type: AnyStep<null>,
  shared = sharedPlace(),
  more = {},
): Promise<{ end: RunEnd; shared: Shared }> {
  const plan = planOf([plannedStep('only', 'try', [], { value: [1, { a: 2 }] }, more)]);
  return { end: await (await engineOf(type, shared).start(plan, {})).done, shared };
}

describe('what a step returns', () => {
  test.each([
    ['another field', { value: 1, more: 2 }, 'MSP_STEP_OUTPUT_INVALID'],
    ['something that JSON has no word for', { value: Number.NaN }, 'MSP_STEP_OUTPUT_INVALID'],
    ['what JSON turns into something else', { value: new Map([['a', 1]]) }, 'MSP_STEP_OUTPUT_INVALID'],
    ['more than 64 KiB', { value: 'x'.repeat(70_000) }, 'MSP_STEP_OUTPUT_INVALID'],
  ])('%s is refused, and nothing is committed', async (_name, value, code) => {
    const { end, shared } = await runOne(step(() => Promise.resolve(value as { value: number })));
    expect(end).toMatchObject({ status: 'failed', exitCode: 70, error: { code } });
    expect(shared.committed).toEqual([]);
    expect(shared.discarded).toEqual(['only']);
    expect(shared.results.size).toBe(0);
  });
});

describe('what a step throws', () => {
  test.each([
    ['a string', 'oh no', 'oh no'],
    ['an error that nobody foresaw', new RangeError('too far'), 'too far'],
  ])('%s is named as a fault of ours', async (_name, thrown, problem) => {
    const { end } = await runOne(step(() => Promise.reject(thrown)));
    expect(end.error).toMatchObject({ code: 'MSP_STEP_CRASHED', details: { step: 'only', problem } });
  });

  test('its input cannot be changed, to its depth', async () => {
    const { end } = await runOne(
      step(async ({ input: { value } }) => {
        (value as [number, { a: number }])[1].a = 3;
        return { value: 1 };
      }),
    );
    expect(end.error).toMatchObject({ code: 'MSP_STEP_CRASHED' });
  });
});

test('a step that does not end in its time is aborted and named, with the exit code of timeout(1)', async () => {
  const type = step(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  );
  const { end, shared } = await runOne(type, sharedPlace(), { timeoutMs: 20 });
  expect(end).toMatchObject({ status: 'failed', exitCode: 124, error: { code: 'MSP_STEP_TIMEOUT' } });
  expect(shared.discarded).toEqual(['only']);
});

test('what was taken is given back in reverse order, also after a failure', async () => {
  const order: string[] = [];
  const type = (fails: boolean): AnyStep<null> =>
    step(async ({ defer }) => {
      defer(() => void order.push('first'));
      defer(async () => void order.push('second'));
      if (fails) throw new TypeError('no');
      return { value: 1 };
    });
  await runOne(type(false));
  await runOne(type(true));
  expect(order).toEqual(['second', 'first', 'second', 'first']);
});

test('two processes never work on one key: the second waits and takes the result', async () => {
  const shared = sharedPlace();
  let executions = 0;
  const type = step(async () => {
    executions += 1;
    await new Promise((resolve) => setTimeout(resolve, 30));
    return { value: 'made once' };
  });
  const plan = planOf([plannedStep('only', 'try', [], { value: 1 })], { value: '${{ steps.only.outputs.value }}' });
  const events: RunEvent[][] = [[], []];
  const ends = await Promise.all(
    [0, 1].map(async (index) => {
      const run = await engineOf(type, shared).start(plan, { onEvent: (event) => events[index]?.push(event) });
      return run.done;
    }),
  );
  expect(executions).toBe(1);
  expect(ends.map((end) => end.outputs)).toEqual([{ value: 'made once' }, { value: 'made once' }]);
  expect(events.flat().filter((event) => event.type === 'step.waiting')).toMatchObject([{ holder: 'process 1' }]);
  expect(ends.map((end) => end.steps.cached).toSorted((a, b) => a - b)).toEqual([0, 1]);
});

test('steps that claim the same name take turns, others run side by side', async () => {
  let [active, most] = [0, 0];
  const type = (claims: boolean): AnyStep<null> =>
    step(
      async () => {
        most = Math.max(most, (active += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        active -= 1;
        return { value: 1 };
      },
      claims ? { claims: () => ['network'] } : {},
    );
  const plan = planOf([1, 2, 3].map((value) => plannedStep(`s${value}`, 'try', [], { value })));
  await (
    await engineOf(type(true)).start(plan, { jobs: 3 })
  ).done;
  expect(most).toBe(1);
  most = 0;
  await (
    await engineOf(type(false)).start(plan, { jobs: 3 })
  ).done;
  expect(most).toBe(3);
});
