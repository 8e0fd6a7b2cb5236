import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.ts';
import { encodePlan } from '../../../src/engine/plan-codec.ts';
import { makePlan } from '../../../src/engine/plan.ts';
import { forecast } from '../../../src/engine/plan-report.ts';
import { SecretMask } from '../../../src/engine/secret-mask.ts';
import type { Json } from '../../../src/engine/step.ts';
import { parse, testRegistry, withSteps } from './support/front.ts';
import { planOf, plannedStep, World } from './support/world.ts';

const value = 'hunter2-secret';
const source = '@/k';
const maskOf = (...values: string[]): SecretMask =>
  new SecretMask(new Map(values.map((one, index) => [`s${index}`, { value: one, digest: `d${index}` }])));

function planWith(steps: Parameters<typeof planOf>[0], world: World) {
  world.secrets.set(source, value);
  return { ...planOf(steps), inputs: { key: source }, secrets: { key: 'of-another-day' } };
}

/** Everything that a run leaves or says. */
async function traces(world: World, events: readonly RunEvent[]): Promise<string> {
  const parts: unknown[] = [events, [...world.results.values()]];
  for (const id of await world.runs.list()) {
    const files = await world.runs.open(id);
    parts.push(await files.readJournal(), await files.readPlan());
    for (const step of ['a', 'b']) for (const attempt of [1, 2]) parts.push(world.runs.log(id, step, attempt));
  }
  return JSON.stringify(parts);
}

describe('a secret', () => {
  const file = withSteps(
    '  - { id: a, uses: echo, with: { text: "${{ inputs.key }}" } }\n',
    'inputs: { key: { type: secret, summary: A key } }\n',
  );

  test('is in the plan by its place and the digest of a host', async () => {
    const secrets = { canonical: () => '@/abs/k', open: () => Promise.resolve({ value, digest: 'd1' }) };
    const plan = await makePlan(await parse(file), { key: '@k' }, testRegistry(), { secrets });
    expect(plan).toMatchObject({ inputs: { key: '@/abs/k' }, secrets: { key: 'd1' } });
    expect(encodePlan(plan)).not.toContain(value);
  });

  test.each([value, '', 'env:', 'env:1X', '@'])('is not written down: %s', async (given) => {
    const made = makePlan(await parse(file), { key: given }, testRegistry());
    await expect(made).rejects.toMatchObject({ code: 'MSP_INPUT_INVALID' });
    await expect(made).rejects.toSatisfy((error) => given === '' || !JSON.stringify(error).includes(`'${given}'`));
  });

  test('decides the key, by its digest, and is in nothing that is written', async () => {
    const world = new World();
    const plan = planWith([plannedStep('a', 'mix', [], { parts: ['${{ inputs.key }}', 'b'] })], world);
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => void events.push(event);
    const first = await (await world.process().engine.start(plan, { onEvent })).done;
    expect(first.status).toBe('succeeded');
    expect(await traces(world, events)).not.toContain(value);
    expect(JSON.stringify([...world.results.values()].map(({ identity }) => identity))).toMatch(/secret:[0-9a-f]{64}/u);
    expect(events.find((event) => event.type === 'warning')).toMatchObject({
      text: expect.stringContaining("secret 'key'"),
    });
    const same = await (await world.process().engine.start(plan, {})).done;
    expect(same.steps.cached).toBe(1);
    world.secrets.set(source, 'another-secret');
    const other = await (await world.process().engine.start(plan, {})).done;
    expect(other.steps.cached).toBe(0);
  });

  test('that a step would return makes it fail, and the error does not say it', async () => {
    const world = new World();
    const events: RunEvent[] = [];
    const plan = planWith([plannedStep('a', 'look', [], { value: 'it is ${{ inputs.key }}' })], world);
    const end = await (await world.process().engine.start(plan, { onEvent: (event) => void events.push(event) })).done;
    expect(end).toMatchObject({ status: 'failed', error: { code: 'MSP_SECRET_IN_RESULT' } });
    expect(await traces(world, events)).not.toContain(value);
  });

  test('that is gone stops the run before anything is done; another place may be told', async () => {
    const world = new World();
    const plan = planWith([plannedStep('a', 'mix', [], { parts: ['${{ inputs.key }}'], broken: true })], world);
    const { runId } = await (await world.process().engine.start(plan, {})).done;
    world.secrets.delete(source);
    await expect(world.process().engine.resume(runId, {})).rejects.toMatchObject({ code: 'MSP_SECRET_UNUSABLE' });
    world.secrets.set('env:KEY', value);
    const again = await world.process().engine.resume(runId, { secretSources: { key: 'env:KEY' } });
    expect((await again.done).status).toBe('failed');
    expect(world.executions).toEqual(['a', 'a']);
  });

  test('is not in a dry run', async () => {
    const world = new World();
    const plan = planWith([plannedStep('a', 'mix', [], { parts: ['${{ inputs.key }}'] })], world);
    const { ports, registry } = world.parts();
    expect(JSON.stringify(await forecast(plan, ports, registry, {}))).not.toContain(value);
  });
});

describe('the mask', () => {
  test('knows a secret line by line, and as it looks in JSON, a URL and base64', () => {
    const mask = maskOf('first "line"\nsecond line');
    expect(mask.text('x first "line" y')).toBe('x *** y');
    expect(mask.text(JSON.stringify({ key: 'first "line"' }))).toBe('{"key":"***"}');
    expect(mask.text(`/?q=${encodeURIComponent('second line')}`)).toBe('/?q=***');
    expect(mask.text(Buffer.from('second line').toString('base64'))).toBe('***');
  });

  test('leaves the form of an event as it is', () => {
    const event = { type: 'step.failed', step: 'step.failed', error: { code: 'step.failed', message: 'step.failed' } };
    expect(maskOf('step.failed').record(event)).toEqual({ ...event, error: { code: 'step.failed', message: '***' } });
  });

  test('leaves no secret in any value, and finds it in every value that has it', () => {
    const secret = fc
      .string({ minLength: 4, maxLength: 20 })
      .filter((text) => text.trim().length >= 4 && !/[*"\\]/u.test(text));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (given, before, after) => {
        const mask = maskOf(given);
        const held: Json = { [`k${before}`]: [1, null, `${before}${given}${after}`] };
        expect(mask.find(held)).toBe('s0');
        expect(JSON.stringify(mask.value(held))).not.toContain(given);
        expect(JSON.stringify(mask.identity(held))).not.toContain(given.length > 8 ? given : '\0');
      }),
    );
  });
});
