/** Binds the engine's contract of a step to our services. */
import type { ZodType } from 'zod';
import type { Step, StepContext } from '../engine/step.ts';
import type { StepServices } from '../host/services.ts';

/** Gives the step back; input and output of its functions are typed by its schemas. */
export function defineStep<In extends ZodType, Out extends ZodType>(
  step: Step<In, Out, StepServices>,
): Step<In, Out, StepServices> {
  return step;
}

/** What a built-in step's `run` gets. */
export type Context<Input = unknown> = StepContext<Input, StepServices>;
