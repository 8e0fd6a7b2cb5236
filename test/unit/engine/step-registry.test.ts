import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { StepRegistry } from '../../../src/engine/step-registry.ts';
import type { AnyStep } from '../../../src/engine/step.ts';
import { paint, testRegistry } from './support/front.ts';

const good: AnyStep = { ...paint };

function load(change: object, id = 'paint'): Promise<AnyStep> {
  const registry = new StepRegistry();
  registry.add(id, () => Promise.resolve({ ...good, ...change }));
  return registry.get(id);
}

const wrong: readonly (readonly [string, object])[] = [
  ["its id is 'pain'", { id: 'pain' }],
  ['it has no summary', { summary: '' }],
  ['its summary has more than one line', { summary: 'Paint\nit' }],
  ['its summary does not begin with a capital letter', { summary: 'paint it' }],
  ['its summary ends with a full stop or a space', { summary: 'Paint it.' }],
  ['its summary is not in the imperative', { summary: 'Paints a thing' }],
  ['its summary is not in the imperative', { summary: 'Painting a thing' }],
  ['its version is not an integer from 1', { version: 0 }],
  ['its version is not an integer from 1', { version: 1.5 }],
  ["its reuse is none of 'always', 'run', 'never'", { reuse: 'sometimes' }],
  ['it has no run function', { run: null }],
  ['its input is not a z.strictObject', { input: z.string() }],
  ['its input is not a z.strictObject', { input: z.object({}) }],
  ["its input field 'x' is not described", { input: z.strictObject({ x: z.string() }) }],
  ['its output is not a z.strictObject', { output: z.object({}) }],
  ["its output field 'x' may be missing; make it nullable", { output: z.strictObject({ x: z.string().optional() }) }],
];

describe('step registry', () => {
  it.each(wrong)('refuses a step type: %s', async (problem, change) => {
    await expect(load(change)).rejects.toMatchObject({
      code: 'MSP_STEP_TYPE_INVALID',
      data: { step: 'paint', problem },
    });
  });

  it('takes what steps look like, the ones of plugins under their own name', async () => {
    await expect(load({})).resolves.toMatchObject({ id: 'paint' });
    await expect(load({}, 'house/paint')).resolves.toMatchObject({ id: 'paint' });
    for (const summary of ['Bless it', 'Press on', 'Use a thing', 'Address all', 'Bring it in', 'Bypass it']) {
      await expect(load({ summary })).resolves.toMatchObject({ summary });
    }
    const described = z.string().describe('Said by the schema');
    await expect(load({ input: z.strictObject({ x: described.nullable().default(null) }) })).resolves.toBeDefined();
  });

  it('loads once, and only what is asked for', async () => {
    let loads = 0;
    const registry = new StepRegistry();
    registry.add('paint', () => {
      loads += 1;
      return Promise.resolve(good);
    });
    registry.add('echo', () => Promise.reject(new TypeError('nobody asked for it')));
    await Promise.all([registry.get('paint'), registry.get('paint')]);
    expect(loads).toBe(1);
    expect(registry.ids()).toEqual(['echo', 'paint']);
    expect([registry.has('paint'), registry.has('constructor')]).toEqual([true, false]);
  });

  it('refuses a name twice, and a name that it does not have', async () => {
    const registry = testRegistry();
    expect(() => registry.add('paint', () => Promise.resolve(good))).toThrow(
      expect.objectContaining({ code: 'MSP_STEP_TYPE_INVALID' }),
    );
    await expect(registry.get('pant')).rejects.toMatchObject({ code: 'MSP_STEP_TYPE_INVALID' });
  });
});
