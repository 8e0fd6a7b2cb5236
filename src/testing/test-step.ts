import { test as nodeTest } from 'node:test';
import type { ZodType } from 'zod';
import type { Step } from '../engine/step.ts';
import type { StepServices } from '../host/services.ts';
import { openCollection } from './collect-checks.ts';
import type { StepCases } from './step-cases.ts';
import { stepChecks } from './step-checks.ts';

/** `test` or `it` of a test runner. */
export type RegisterTest = (name: string, body: () => Promise<void>) => unknown;

/**
 * Registers all checks of a step with the test runner: `testStep(echo, { accepts: […] }, test)`.
 * To each case of the author it adds the checks of every step, above all: cut off at every moment, the next
 * attempt must give the same output and leave the same files.
 *
 * `test`: without it, that of `node --test`. `machinespawn plugins check` runs them without a runner.
 */
export function testStep<In extends ZodType, Out extends ZodType>(
  step: Step<In, Out, StepServices>,
  cases: StepCases<In, Out>,
  test: RegisterTest = (name, body) => nodeTest(name, body),
): void {
  const checks = stepChecks(step, cases);
  const collection = openCollection();
  if (collection !== null) collection.push({ step: step.id, checks });
  else for (const check of checks) test(`${step.id}: ${check.name}`, () => check.run());
}
