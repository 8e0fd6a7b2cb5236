/** Takes files of this host into a pipeline: their content, and nothing of when and whose they are, enters the keys. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { packTar, tarNameSchema } from './lib/pack-tar.ts';

export const hostFiles = defineStep({
  id: 'host-files',
  summary: 'Take a file or a directory of this host into the pipeline',
  version: 1,
  input: z.strictObject({
    from: z
      .string()
      .regex(/^\//u, 'not an absolute path; an input of the type path may be relative')
      .describe('File, or directory of which the content is taken'),
    name: tarNameSchema.default('files.tar').describe('Name of the tar file'),
    epoch: z.int().min(0).default(0).describe('The time that all of the files get, in seconds since 1970'),
    exclude: z
      .array(z.string().regex(/^[^/]/u, 'write it without a slash in front'))
      .default([])
      .describe('Paths to leave out, without a slash in front; * and ? stand for anything'),
  }),
  output: z.strictObject({ file: artifactSchema }),
  // Only a look tells whether they are as they were.
  reuse: 'never',
  singleFlight: false,
  needs: { tools: ['tar'] },
  describe: ({ file }) => `${file.sizeBytes} bytes, SHA-256 ${file.sha256.slice(0, 12)}…`,

  async run(context) {
    const { services, input } = context;
    const { from, epoch, exclude } = input;
    const at = from.replace(/\/+$/u, '');
    const type = (await services.files.info(from === '/' ? from : at))?.type ?? null;
    const problem = {
      file: null,
      directory: null,
      symlink: 'it is a symlink',
      other: 'it is no file and no directory',
    };
    const fault = type === null ? 'there is no such file' : problem[type];
    if (fault !== null) throw fail('MSP_FILE_UNREADABLE', { path: from, problem: fault });
    const file = await services.artifacts.create(input.name);
    const place =
      type === 'directory'
        ? { directory: from }
        : { directory: at.slice(0, at.lastIndexOf('/')) || '/', members: [`./${at.slice(at.lastIndexOf('/') + 1)}`] };
    await packTar(context, { ...place, file, epoch, times: 'all', owner: 'root', exclude });
    return { file: await services.artifacts.keep(file) };
  },
});
