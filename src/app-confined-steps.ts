/** Goes around the steps of a plugin, built in or not: they change nothing but what is theirs. */
import type { AnyStep, Foresight, StepContext } from './engine/step.ts';
import { confinedServices } from './host/confined-services.ts';
import type { StepServices } from './host/services.ts';

const unforeseen: Foresight = { cache: 'unknown', why: '', outputs: null };

export function confined(plugin: string): (step: AnyStep<StepServices>) => AnyStep<StepServices> {
  return (step) => {
    const inside = <C extends Pick<StepContext<unknown, StepServices>, 'services'>>(context: C): C => ({
      ...context,
      services: confinedServices(context.services, `${plugin}/${step.id}`),
    });
    return {
      ...step,
      run: async (context: StepContext<unknown, StepServices>) => await step.run(inside(context)),
      ...(step.foresee !== undefined && {
        foresee: async (context: Parameters<NonNullable<typeof step.foresee>>[0]) =>
          (await step.foresee?.(inside(context))) ?? unforeseen,
      }),
    };
  };
}
