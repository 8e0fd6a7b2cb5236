import type { ZodType } from 'zod';
import type { Step } from '../engine/step.ts';
import type { StepServices } from '../host/services.ts';
import type { StepCases } from './step-cases.ts';
import { stepChecks } from './step-checks.ts';

/** `test` or `it` of a test runner. */
export type RegisterTest = (name: string, body: () => Promise<void>) => unknown;

/**
 * Registers all checks of a step with the test runner: `testStep(echo, { accepts: […] }, test)`.
 * To each case of the author it adds the checks of every step, above all: cut off at every moment, the next
 * attempt must give the same output and leave the same files.
 */
export function testStep<In extends ZodType, Out extends ZodType>(
  step: Step<In, Out, StepServices>,
  cases: StepCases<In, Out>,
  test: RegisterTest,
): void {
  for (const check of stepChecks(step, cases)) test(`${step.id}: ${check.name}`, () => check.run());
}
