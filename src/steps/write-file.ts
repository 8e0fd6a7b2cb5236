/** Writes one file into a tree. */
import { z } from 'zod';
import { defineStep } from './define-step.ts';

export const writeFile = defineStep({
  id: 'write-file',
  summary: 'Write a file into a tree',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to write into'),
    path: z
      .string()
      .regex(/^\/(?:.*[^/])?$/u, 'not an absolute path of a file')
      .describe('Path inside the tree; what is there is replaced'),
    text: z.string().describe('Its content'),
    mode: z
      .string()
      .regex(/^[0-7]{3,4}$/u, 'not a mode such as 0644')
      .default('0644')
      .describe('Its mode, in octal'),
  }),
  output: z.strictObject({ tree: z.string().describe('The tree with the file') }),
  reuse: 'always',
  needs: { root: true },

  async run({ services, input }) {
    const { ref, root } = await services.trees.change(input.tree, { whole: true });
    await root.writeText(input.path, input.text, { mode: Number.parseInt(input.mode, 8) });
    return { tree: ref };
  },
});
