/** Packs a tree into a squashfs file: the same tree gives the same bytes. */
import { z } from 'zod';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { packSquashfs, squashfsCompressions } from './lib/pack-squashfs.ts';

export const squashfs = defineStep({
  id: 'squashfs',
  summary: 'Pack a tree into a squashfs file',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to pack'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.+~@-]{0,199}$/u, 'not a plain file name')
      .default('filesystem.squashfs')
      .describe('Name of the file'),
    compression: z.enum(squashfsCompressions).default('zstd').describe('How it is compressed'),
    exclude: z
      .array(z.string().regex(/^[^/-]/u, 'write it without a slash in front'))
      .default([])
      .describe('Paths to leave out, without a slash in front; * and ? stand for anything'),
    epoch: z.int().min(0).default(0).describe('SOURCE_DATE_EPOCH: no file in it is younger than this, in seconds'),
  }),
  output: z.strictObject({ file: artifactSchema }),
  reuse: 'always',
  needs: { root: true, tools: ['mksquashfs'] },
  describe: ({ file }) => `${file.name}, ${Math.round(file.sizeBytes / 1048576)} MiB`,

  async run(context) {
    const { services, input } = context;
    const { path } = await services.trees.view(input.tree);
    const file = await services.artifacts.create(input.name);
    const { compression, exclude, epoch } = input;
    await packSquashfs(context, { directory: path, file, compression, exclude, epoch });
    return { file: await services.artifacts.keep(file) };
  },
});
