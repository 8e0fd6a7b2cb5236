/** Copies the base tree to a directory beside the machines. From here on the machine's name counts. */
import { z } from 'zod';
import { machineNameSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { reserveName } from './lib/reserve-name.ts';
import { isPublished, isStagingOf, stagingPath } from './lib/staging.ts';

export const materializeMachine = defineStep({
  id: 'materialize-machine',
  summary: 'Copy the base tree for the new machine',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree that machines begin with'),
    name: machineNameSchema.describe('Name of the new machine'),
  }),
  output: z.strictObject({
    staging: z.string().describe('Directory in which the machine is prepared'),
    bootId: z.string().describe('Boot of the host in which it was copied'),
  }),
  reuse: 'run',
  needs: { root: true },
  claims: ({ name }) => [`machine-${name}`],
  // It is synced when it is published: until then a power cut may have torn it.
  check: async ({ input, output, services }) =>
    (await isPublished(services, output.staging, input.name)) ||
    (output.bootId === services.facts.bootId && (await services.files.info(output.staging)) !== null),
  describe: () => 'copied',

  async run({ services, input }) {
    const { directory } = services.machines;
    await services.files.makeDirectory(directory, { mode: 0o700 });
    // Two runs that prepare the same name would remove each other's copy.
    await reserveName(services, input.name);
    await services.lock(`machine-${input.name}`);
    for (const fileName of await services.files.list(directory)) {
      if (isStagingOf(fileName, input.name)) await services.files.remove(`${directory}/${fileName}`);
    }
    const staging = stagingPath(directory, input.name, services.facts.randomHex(4));
    await services.trees.materialize(input.tree, staging);
    return { staging, bootId: services.facts.bootId };
  },
});
