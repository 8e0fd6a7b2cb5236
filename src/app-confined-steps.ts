/** Goes around the steps of a plugin, built in or not: they change nothing but what is theirs. */
import type { AnyStep, StepContext } from './engine/step.ts';
import { confinedServices } from './host/confined-services.ts';
import type { StepServices } from './host/services.ts';

export function confined(plugin: string): (step: AnyStep<StepServices>) => AnyStep<StepServices> {
  return (step) => ({
    ...step,
    run: async (context: StepContext<unknown, StepServices>) =>
      await step.run({ ...context, services: confinedServices(context.services, `${plugin}/${step.id}`) }),
  });
}
