/** What is known of an image that is pulled, as the steps hand it on. */
import { z } from 'zod';
import { archSchema } from '../../model/schemas.ts';

const validators = {
  etag: z.string().nullable().describe("The server's mark of this state of the file"),
  lastModified: z.string().nullable().describe('When the server says that it was changed'),
};

export const compressionSchema = z
  .enum(['none', 'gzip', 'xz', 'bzip2', 'zstd'])
  .describe('How it is compressed, as its bytes tell');

/** As probe-image found it. */
export const foundImageSchema = z
  .strictObject({
    kind: z.enum(['http', 'file', 'stdin']).describe('How it is had'),
    place: z.string().describe('Address, absolute path, or - for standard input'),
    name: z.string().describe('What a person calls it'),
    sizeBytes: z.number().nullable().describe('Its size, where it is known'),
    ...validators,
    promised: z.string().nullable().describe('SHA-256 that an index promises'),
    arch: archSchema.nullable().describe('Architecture, where it is known'),
    compression: compressionSchema
      .nullable()
      .describe('How it is compressed, if its first bytes do not show anything but a tar in it'),
  })
  .describe('The image, as probe-image found it');

/** As download-image keeps it. */
export const pulledImageSchema = z
  .strictObject({
    kind: z.enum(['http', 'file', 'stdin']).describe('How it was had'),
    place: z.string().describe('Address that was asked for, absolute path, or -'),
    url: z.string().nullable().describe('Address after redirects'),
    secure: z.boolean().describe('Was it fetched over https all the way?'),
    name: z.string().describe('What a person calls it'),
    path: z.string().describe('Where it is on this host'),
    sha256: z.string().describe('SHA-256 of the file as it was served'),
    sizeBytes: z.number().describe('Its size'),
    mtimeMs: z.number().nullable().describe('When a local file was changed, to see whether it still is the same'),
    promised: z.string().nullable().describe('SHA-256 that an index promised'),
  })
  .describe('The image, as download-image keeps it');

export type FoundImage = z.output<typeof foundImageSchema>;
export type PulledImage = z.output<typeof pulledImageSchema>;
