/** Tells by its bytes what an image is, and refuses what is none. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { defineStep } from './define-step.ts';
import { forgetImage } from './lib/download-cache.ts';
import { compressionSchema, pulledImageSchema } from './lib/pulled-image.ts';
import { requireForm } from './lib/require-form.ts';

/** A block of bzip2 is at most 900 kB. */
const startBytes = 1024 * 1024;

export const inspectImage = defineStep({
  id: 'inspect-image',
  summary: 'Tell what an image is by its first bytes',
  version: 1,
  input: z.strictObject({
    image: pulledImageSchema,
    wanted: z.enum(['tar', 'raw', 'any']).default('any').describe('Kind of image that is wanted'),
    source: z.string().default('').describe('Where it comes from, for the hint'),
    name: z.string().default('').describe('Name of the machine, for the hint'),
  }),
  output: z.strictObject({
    compression: compressionSchema,
    content: z.enum(['tar', 'raw', 'qcow2']).describe('What is in it'),
  }),
  reuse: 'run',
  looksOnly: true,
  singleFlight: false,
  describe: ({ compression, content }) => (compression === 'none' ? content : `${content}, ${compression}`),

  async run({ services, input }) {
    const { image, wanted, source, name: machine } = input;
    const start = await services.root('/').readStart(image.path, startBytes);
    if (start === null) throw fail('MSP_FILE_UNREADABLE', { path: image.path, problem: 'there is no such file' });
    const form = await services.archives.recognize(start);
    const { compression, content } = form;
    try {
      requireForm(form, wanted, { name: image.name, source: source || image.place, machine, isStart: false });
    } catch (error) {
      // What cannot be looked into may be one.
      const isImage = content === 'tar' || content === 'raw' || content === 'qcow2' || form.windowBytes !== undefined;
      if (!isImage) await forgetImage(services, image);
      throw error;
    }
    if (content !== 'tar' && content !== 'raw' && content !== 'qcow2') throw new TypeError('an image has a kind');
    return { compression, content };
  },
});
