/** Packs a tree into a tar file: the same tree gives the same bytes. */
import { z } from 'zod';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { packTar, tarNameSchema } from './lib/pack-tar.ts';

export const tar = defineStep({
  id: 'tar',
  summary: 'Pack a tree into a tar file',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to pack'),
    name: tarNameSchema
      .default('rootfs.tar.zst')
      .describe('Name of the file; its ending says how it is compressed: .tar, .tar.gz, .tar.xz or .tar.zst'),
    exclude: z
      .array(z.string().regex(/^[^/]/u, 'write it without a slash in front'))
      .default([])
      .describe('Paths to leave out, without a slash in front; * and ? stand for anything'),
    epoch: z.int().min(0).default(0).describe('SOURCE_DATE_EPOCH: no file in it is younger than this, in seconds'),
  }),
  output: z.strictObject({ file: artifactSchema }),
  reuse: 'always',
  needs: { root: true, tools: ['tar'] },
  describe: ({ file }) => `${file.name}, ${Math.round(file.sizeBytes / 1048576)} MiB`,

  async run(context) {
    const { services, input } = context;
    const { path } = await services.trees.view(input.tree);
    const file = await services.artifacts.create(input.name);
    const { epoch, exclude } = input;
    await packTar(context, { directory: path, file, epoch, times: 'latest', exclude });
    return { file: await services.artifacts.keep(file) };
  },
});
