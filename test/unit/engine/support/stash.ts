/** A step that leaves something where the engine does not look, and says in its `check` whether it is still there. */
import { z } from 'zod';
import type { Step } from '../../../../src/engine/step.ts';
import type { TestServices } from './world.ts';

const stashInput = z.strictObject({ value: z.string().describe('What is left') });

export function stashIn(
  things: Map<string, string>,
): Step<typeof stashInput, z.ZodType<{ text: string }>, TestServices> {
  return {
    id: 'stash',
    summary: 'Leave something',
    version: 1,
    input: stashInput,
    output: z.strictObject({ text: z.string().describe('Where it is') }),
    reuse: 'always',
    check: async ({ output }) => things.has(output.text),
    run: async ({ input, services, stepId }) => {
      services.ran(stepId);
      await services.moment();
      things.set(`stash:${input.value}`, input.value);
      return { text: `stash:${input.value}` };
    },
  };
}
