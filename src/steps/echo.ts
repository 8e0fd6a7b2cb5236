/** Does nothing but pass its text on: for trying the engine. */
import { z } from 'zod';
import { defineStep } from './define-step.ts';

export const echo = defineStep({
  id: 'echo',
  summary: 'Print a text and return it',
  version: 1,
  input: z.strictObject({
    text: z.string().max(10_000).describe('Any text'),
    waitSeconds: z.number().min(0).max(600).default(0).describe('Wait so long first: time to interrupt it'),
  }),
  output: z.strictObject({ text: z.string().describe('The text') }),
  reuse: 'always',
  singleFlight: false,
  identity: ({ text }) => ({ text }),
  describe: ({ text }) => text.replaceAll(/\s+/gu, ' ').trim() || '(nothing)',

  async run({ input, log, signal }) {
    if (input.waitSeconds > 0) await wait(input.waitSeconds * 1000, signal);
    log.info(input.text);
    return { text: input.text };
  },
});

/** Ends early when the signal says so; the engine knows why. */
function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, signal.aborted ? 0 : milliseconds);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
