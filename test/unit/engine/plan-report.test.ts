import { expect, it } from 'vitest';
import { fail } from '../../../src/errors/machinespawn-error.ts';
import { forecast } from '../../../src/engine/plan-report.ts';
import { planOf, plannedStep, World } from './support/world.ts';

it('tells what will be skipped, what has looked and failed, and what depends on it', async () => {
  const { ports, registry } = new World().parts();
  const look = await registry.get('look');
  const blind = {
    ...look,
    id: 'blind',
    looksOnly: true,
    run: () => Promise.reject(fail('MSP_NETWORK', { url: 'u', problem: 'x' })),
  };
  registry.add('blind', () => Promise.resolve(blind));
  const plan = planOf([
    plannedStep('a', 'look', [], { value: 'x' }),
    plannedStep('b', 'look', [], { value: 'x' }, { if: '${{ false }}' }),
    plannedStep('c', 'blind', [], { value: 'x' }),
    plannedStep('d', 'look', ['c'], { value: '${{ steps.c.outputs.text }}' }),
  ]);
  const { steps, outputs } = await forecast(plan, ports, registry, {});
  expect(outputs).toBeNull();
  expect(steps.map(({ id, cache, outcome, why }) => [id, cache, outcome, why])).toEqual([
    ['a', 'off', null, 'it is done in every run'],
    ['b', 'off', 'skipped', 'not ${{ false }}'],
    ['c', 'off', 'failed', expect.stringContaining('MSP_NETWORK')],
    ['d', 'unknown', null, 'it depends on what c gives'],
  ]);
});

it('asks a step that is done in every run what would come of it, and goes on with that', async () => {
  const { ports, registry } = new World().parts();
  const look = await registry.get('look');
  const asked: unknown[] = [];
  const known = { text: 'x' };
  for (const [id, cache, outputs] of [
    ['seer', 'hit', known],
    ['blind', 'miss', null],
  ] as const) {
    const foresee = ({ anew }: { readonly anew: boolean }) => {
      asked.push(anew);
      return Promise.resolve({ cache, why: `so says ${id}`, outputs });
    };
    registry.add(id, () => Promise.resolve({ ...look, id, foresee }));
  }
  const plan = planOf([
    plannedStep('a', 'seer', [], { value: 'x' }),
    plannedStep('b', 'mix', ['a'], { parts: ['${{ steps.a.outputs.text }}'] }),
    plannedStep('c', 'blind', [], { value: 'x' }),
    plannedStep('d', 'mix', ['c'], { parts: ['${{ steps.c.outputs.text }}'] }),
  ]);
  const { steps } = await forecast(plan, ports, registry, { refresh: ['c'] });
  expect(steps.map(({ id, cache, why }) => [id, cache, why])).toEqual([
    ['a', 'hit', 'so says seer'],
    ['b', 'miss', 'no result yet'],
    ['c', 'miss', 'so says blind'],
    ['d', 'unknown', 'it depends on what c gives'],
  ]);
  expect(asked).toEqual([false, true]);
});
