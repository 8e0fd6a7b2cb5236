/** Sets the time zone of a tree. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { defineStep } from './define-step.ts';

export const timezone = defineStep({
  id: 'timezone',
  summary: 'Set the time zone of a tree',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to change'),
    zone: z
      .string()
      .regex(/^[A-Za-z][\w+-]*(?:\/[A-Za-z][\w+-]*)*$/u, 'not the name of a time zone')
      .describe('Name, such as Europe/Berlin or Etc/UTC'),
  }),
  output: z.strictObject({ tree: z.string().describe('The changed tree') }),
  reuse: 'always',
  needs: { root: true },

  async run({ services, input }) {
    const { ref, root } = await services.trees.change(input.tree, { whole: true });
    const zone = `/usr/share/zoneinfo/${input.zone}`;
    if ((await root.readStart(zone, 4))?.toString('latin1') !== 'TZif')
      throw fail('MSP_TREE_LACKS', {
        what: `time zone '${input.zone}'`,
        hint: 'install the package tzdata by a step apt before this one; tzdata-legacy has the old names',
      });
    await root.symlink('/etc/localtime', zone);
    // Newer systems have no such file, and must not get one.
    if ((await root.info('/etc/timezone')) !== null) await root.writeText('/etc/timezone', `${input.zone}\n`);
    return { tree: ref };
  },
});
