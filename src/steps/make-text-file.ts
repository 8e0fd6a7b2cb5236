/** Makes a small file for people or programs: notes, settings, a list of digests. */
import { z } from 'zod';
import { artifactNameForm } from '../model/artifact.ts';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';

export const makeTextFile = defineStep({
  id: 'make-text-file',
  summary: 'Make a file from a text',
  version: 1,
  input: z.strictObject({
    name: z.string().regex(artifactNameForm).describe('What the file is called, such as notes.txt'),
    text: z.string().max(1_000_000).describe('All that stands in it'),
  }),
  output: z.strictObject({ file: artifactSchema }),
  reuse: 'always',
  describe: ({ file }) => `${file.name}, ${file.sizeBytes} bytes`,

  async run({ input, services }) {
    const path = await services.artifacts.create(input.name);
    await services.files.writeText(path, input.text);
    return { file: await services.artifacts.keep(path) };
  },
});
