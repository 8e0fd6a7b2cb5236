/** Takes a file, or a directory as a tar file, out of a tree. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { artifactNameForm } from '../model/artifact.ts';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { packTar } from './lib/pack-tar.ts';

export const copyOut = defineStep({
  id: 'copy-out',
  summary: 'Take a file or a directory out of a tree',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to take it from'),
    from: z.string().regex(/^\//u, 'not an absolute path').describe('Path in the tree; a directory becomes a tar file'),
    name: z
      .union([z.literal(''), z.string().regex(artifactNameForm, 'not a plain file name')])
      .default('')
      .describe("Name of the file; '' for its own. That of a directory ends in .tar, .tar.gz, .tar.xz or .tar.zst"),
    epoch: z.int().min(0).default(0).describe('SOURCE_DATE_EPOCH: nothing in a tar file is younger, in seconds'),
  }),
  output: z.strictObject({ file: artifactSchema }),
  reuse: 'always',
  needs: { root: true, tools: ['cp', 'tar'] },
  describe: ({ file }) => `${file.name}, ${file.sizeBytes} bytes`,

  async run(context) {
    const { services, input } = context;
    const { path, root } = await services.trees.view(input.tree);
    const from = await root.resolve(input.from);
    const type = (await services.files.info(from))?.type ?? null;
    if (type !== 'file' && type !== 'directory')
      throw fail('MSP_TREE_LACKS', { what: `file or directory ${input.from}`, hint: null });
    const isDirectory = type === 'directory';
    const own = from.slice(path.length).split('/').at(-1) || 'rootfs';
    const name = input.name || `${own.replace(/^[^A-Za-z0-9]+/u, '') || 'file'}${isDirectory ? '.tar' : ''}`;
    if (isDirectory && !/\.tar(?:\.gz|\.xz|\.zst)?$/u.test(name))
      throw fail('MSP_USAGE', {
        problem: `${input.from} is a directory: '${name}' does not end as the name of a tar file`,
      });
    const file = await services.artifacts.create(name);
    if (isDirectory) await packTar(context, { directory: from, file, epoch: input.epoch, times: 'latest' });
    else await services.exec({ file: 'cp', args: ['--reflink=auto', '--', from, file] });
    return { file: await services.artifacts.keep(file) };
  },
});
