/** Settles the date that everything reproducible is made with, so that it enters the keys. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { defineStep } from './define-step.ts';

export const sourceDate = defineStep({
  id: 'source-date',
  summary: 'Choose the date that reproducible files are made with',
  version: 1,
  input: z.strictObject({
    epoch: z
      .string()
      .regex(/^\d{0,11}$/u, 'not a number of seconds')
      .default('')
      .describe("Seconds since 1970; '' for SOURCE_DATE_EPOCH of the environment"),
    otherwise: z.string().describe('Date that is taken when neither is given, such as that of the archive'),
  }),
  output: z.strictObject({
    epoch: z.number().describe('Seconds since 1970'),
    date: z.string().describe('The same as ISO 8601, UTC'),
  }),
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  describe: ({ date }) => date,

  async run({ services, input }) {
    const given = input.epoch || services.facts.env('SOURCE_DATE_EPOCH') || '';
    if (given !== '' && !/^\d{1,11}$/u.test(given))
      throw fail('MSP_USAGE', { problem: `SOURCE_DATE_EPOCH is '${given}': it is a number of seconds since 1970` });
    const epoch = given === '' ? Math.floor(Date.parse(input.otherwise) / 1000) : Number(given);
    if (Number.isNaN(epoch)) throw fail('MSP_USAGE', { problem: `'${input.otherwise}' is not a date` });
    return { epoch, date: new Date(epoch * 1000).toISOString() };
  },
});
