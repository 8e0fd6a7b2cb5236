/** Fetches, verifies and unpacks a tar image, by the pipeline `pull-tree`: in a user's pipeline it is one step. */
import { z } from 'zod';
import { archSchema, pullSourceSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { innerPipeline } from './lib/inner-pipeline.ts';

const output = z.strictObject({
  tree: z.string().describe('The tree, with whatever identity the image has: see blank-identity'),
  arch: archSchema.nullable().describe('Architecture of its programs; null when there is none that we know'),
  os: z.string().describe("Name of the system inside; '' when it tells none"),
  sizeBytes: z.number().describe('Space that the tree takes'),
  sha256: z.string().describe('SHA-256 of the image'),
  verification: z.string().describe('What was verified, such as checksum:SHA256SUMS or signature:FINGERPRINT'),
});

const input = z.strictObject({
  source: pullSourceSchema,
  arch: z
    .union([z.literal(''), archSchema])
    .default('')
    .describe("Architecture that it must have; '' for any"),
  verify: z.enum(['auto', 'signature', 'checksum', 'no']).default('auto').describe('What must be verified'),
  sha256: z
    .string()
    .regex(/^(?:[0-9a-f]{64})?$/iu, 'not a SHA-256: 64 hex digits')
    .default('')
    .describe("SHA-256 that the file must have; '' for any"),
  keyring: z.string().default('').describe("Keyring with the publisher's keys; '' for systemd's"),
  strip: z.number().int().min(0).max(20).default(0).describe('How many leading parts of the names to leave out'),
  imageServer: z.string().default('').describe("Server that lxc: names are looked up at; '' for the usual one"),
  proxy: z.string().default('').describe("URL of a proxy, or none; '' for the environment's"),
  limitRate: z.string().default('').describe("Bytes per second at most, such as 5M; '' for as fast as it goes"),
  retries: z.number().int().min(0).default(4).describe('Further tries in a row that bring nothing'),
});

export const pull = defineStep({
  id: 'pull',
  summary: 'Fetch, verify and unpack a tar image',
  version: 1,
  input,
  output,
  // The server is asked whenever a run is opened. The same bytes are unpacked once: the steps inside keep that.
  reuse: 'never',
  singleFlight: false,
  needs: { root: true, tools: ['tar', 'du'] },
  describe: ({ os, sha256, verification }) =>
    `${os || 'no os-release'}, sha256 ${sha256.slice(0, 12)}…, ${verification}`,
  ...innerPipeline('pull-tree', (asked: z.output<typeof input>) => asked, output),
});
