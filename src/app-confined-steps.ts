/** Goes around the steps of a plugin, built in or not: they change nothing but what is theirs. */
import type { AnyStep, StepContext } from './engine/step.ts';
import { confinedServices } from './host/confined-services.ts';
import type { StepServices } from './host/services.ts';

export function confined(plugin: string): (step: AnyStep<StepServices>) => AnyStep<StepServices> {
  return (step) => {
    const inside = <C extends Pick<StepContext<unknown, StepServices>, 'services'>>(context: C): C => ({
      ...context,
      services: confinedServices(context.services, `${plugin}/${step.id}`),
    });
    const { foresee } = step;
    return {
      ...step,
      run: async (context: StepContext<unknown, StepServices>) => await step.run(inside(context)),
      ...(foresee !== undefined && {
        foresee: async (context: Parameters<typeof foresee>[0]) => await foresee(inside(context)),
      }),
    };
  };
}
