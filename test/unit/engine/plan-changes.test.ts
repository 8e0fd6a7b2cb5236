import { expect, test } from 'vitest';
import { describePlanChanges } from '../../../src/engine/plan-changes.ts';
import { planOf, plannedStep } from './support/world.ts';

const a = plannedStep('a', 'mix', [], { parts: ['x'] });
const b = plannedStep('b', 'mix', ['a'], { parts: ['y'] });

test('a moved line or another summary is no change', () => {
  expect(describePlanChanges(planOf([a, b]), planOf([{ ...a, line: 9, summary: 'Other words' }, b]))).toBeNull();
});

test('new, gone and changed steps are named', () => {
  const today = planOf([{ ...a, with: { parts: ['z'] } }, plannedStep('c', 'mix', ['a'], { parts: [] })]);
  expect(describePlanChanges(planOf([a, b]), today)).toBe(
    'the pipeline file has changed since (new: c; gone: b; changed: a)',
  );
});
