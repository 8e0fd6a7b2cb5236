/** Does nothing but pass its text on: for trying the engine. */
import { z } from 'zod';
import { defineStep } from './define-step.ts';

export const echo = defineStep({
  id: 'echo',
  summary: 'Print a text and return it',
  version: 1,
  input: z.strictObject({ text: z.string().max(10_000).describe('Any text') }),
  output: z.strictObject({ text: z.string() }),
  reuse: 'always',
  singleFlight: false,
  describe: ({ text }) => text.replaceAll(/\s+/gu, ' ').trim() || '(nothing)',

  async run({ input, log }) {
    log.info(input.text);
    return { text: input.text };
  },
});
