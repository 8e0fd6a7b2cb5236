/** A step that is not in the box: it counts the words of a text file of this host. */
import { definePlugin, defineStep, fail, z } from 'machinespawn/plugin';

export const count = defineStep({
  id: 'count',
  summary: 'Count the words of a text file',
  version: 1,
  input: z.strictObject({
    file: z.string().regex(/^\//u, 'not an absolute path').describe('The file'),
    atLeast: z.int().min(0).default(0).describe('With fewer words the step fails'),
  }),
  output: z.strictObject({
    words: z.int().describe('How many there are'),
  }),
  // The file may be another one the next time: it is read whenever the pipeline runs.
  reuse: 'never',
  looksOnly: true,
  describe: ({ words }) => `${words} words`,

  async run({ services, input, stepId }) {
    const text = await services.files.readText(input.file);
    const words = text.split(/\s+/u).filter(Boolean).length;
    if (words < input.atLeast) {
      const problem = `${input.file} has ${words} words, and not ${input.atLeast}`;
      throw fail('MSP_STEP_INPUT_INVALID', { step: stepId, problem });
    }
    return { words };
  },
});

export const wordCount = definePlugin({
  name: 'word-count',
  apiVersion: 1,
  summary: 'Count words',
  steps: { count: async () => count },
});
