/** What a step does that is a whole pipeline in itself. */
import type { output as Parsed, ZodType } from 'zod';
import type { Foresight, Json } from '../../engine/step.ts';
import type { Context } from '../define-step.ts';

/** `inputsOf`: what the pipeline is given. Its outputs are those of the step. */
export function innerPipeline<Input, Output extends ZodType<Json>>(
  name: string,
  inputsOf: (input: Input) => Readonly<Record<string, unknown>>,
  output: Output,
) {
  return {
    run: async (context: Context<Input>): Promise<Parsed<Output>> =>
      output.parse(await context.services.pipelines.run(name, inputsOf(context.input), context)),
    foresee: async ({
      services,
      input,
      anew,
    }: Pick<Context<Input>, 'services' | 'input' | 'anew'>): Promise<Foresight> => {
      const { outputs, ...foreseen } = await services.pipelines.foresee(name, inputsOf(input), { anew });
      return { ...foreseen, outputs: outputs === null ? null : output.parse(outputs) };
    },
  };
}
