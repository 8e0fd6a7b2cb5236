/** Puts a file that a step gave into a tree: a tar file unpacked, any other one as it is. */
import { z } from 'zod';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { runInTree } from './lib/run-in-tree.ts';

const inside = '/run/machinespawn-file';

export const copyIn = defineStep({
  id: 'copy-in',
  summary: 'Put files into a tree',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to put them into'),
    file: artifactSchema.describe('File that a step gave, such as host-files'),
    to: z
      .string()
      .regex(/^\//u, 'not an absolute path')
      .default('/')
      .describe('Directory in the tree to unpack in; with unpack: false the path of the file'),
    unpack: z.boolean().default(true).describe('Unpack a tar file; otherwise it is put there as it is'),
    mode: z
      .string()
      .regex(/^[0-7]{3,4}$/u, 'not a mode such as 0644')
      .default('0644')
      .describe('Mode of the file if it is not unpacked, in octal'),
  }),
  output: z.strictObject({ tree: z.string().describe('The tree with the files') }),
  reuse: 'always',
  needs: { root: true, tools: ['systemd-nspawn'] },
  // What the file is called plays no part.
  identity: ({ tree, file, to, unpack, mode }) => ({ tree, sha256: file.sha256, to, ...(unpack ? {} : { mode }) }),

  async run(context) {
    const { services, input } = context;
    const from = await services.artifacts.open(input.file.artifact);
    const tree = await services.trees.change(input.tree, { whole: true });
    if (input.unpack) await tree.root.makeDirectory(input.to);
    // By the tree's own programs, inside of it: no symlink in it, and no name in the archive, leads to the host.
    const unpack = ['--extract', `--file=${inside}`, `--directory=${input.to}`, '--keep-directory-symlink'] as const;
    await runInTree(context, tree, {
      command: input.unpack
        ? ['tar', ...unpack, '--numeric-owner', '--same-permissions', '--acls', '--xattrs', '--xattrs-include=*']
        : ['install', '-D', '-o', '0', '-g', '0', '-m', input.mode, '--', inside, input.to],
      binds: [{ from, to: inside, readOnly: true }],
    });
    return { tree: tree.ref };
  },
});
