/** Builds the base tree of an image, by the pipeline `base`: in a user's pipeline it is one step. */
import { z } from 'zod';
import { formatImageSpec } from '../model/image-spec.ts';
import {
  archiveUrlSchema,
  archSchema,
  imageSpecSchema,
  packageNameSchema,
  packageRequestSchema,
  variantSchema,
} from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { innerPipeline } from './lib/inner-pipeline.ts';

const output = z.strictObject({
  tree: z.string().describe('The base tree: sources complete, and no identity'),
  image: z.string().describe('Canonical name of the image, such as debian-12'),
  arch: archSchema.describe('Debian architecture of the tree'),
  codename: z.string().describe('Codename of the release, such as bookworm'),
  date: z.string().describe('When the index of the archive was made: the date for reproducible files'),
  os: z.string().describe('Name of the system, such as Debian GNU/Linux 12 (bookworm)'),
  packages: z.number().describe('How many packages are installed'),
  sizeBytes: z.number().describe('Space that the tree takes'),
  verification: z.string().describe('How the index was verified, with the fingerprint of the key'),
  asOf: z.string().describe('Stands for the state of all suites of the archive: another one when any has moved on'),
  proxy: z.string().nullable().describe('Proxy that was used, for the steps that fetch more; null for none'),
});

const input = z.strictObject({
  image: imageSpecSchema,
  arch: z
    .union([z.literal(''), archSchema])
    .default('')
    .describe("Debian architecture; '' for the image's or the host's"),
  variant: variantSchema.default('default'),
  include: z.array(packageRequestSchema).default([]).describe('More packages'),
  exclude: z.array(packageNameSchema).default([]).describe('Packages to leave out'),
  components: z.array(z.string().min(1)).default([]).describe("Components; none for the release's default"),
  mirror: z.string().default('').describe("Archive to read from; '' for the release's own"),
  'fallback-mirrors': z
    .array(archiveUrlSchema)
    .default([])
    .describe('Archives with the same packages, asked when the first one fails or sends a bad file'),
  keyring: z.string().default('').describe("Keyring to verify with; '' for the release's own"),
  snapshot: z.string().default('').describe('The archive as it was on this day, such as 2026-11-01'),
  suites: z.array(z.string()).default([]).describe('Suites beside the main one: updates, security, backports, or none'),
  'eol-apt': z.enum(['trusted', 'refuse']).default('trusted').describe("Where the archive's key has expired"),
  'check-valid-until': z.enum(['yes', 'no']).default('yes').describe('Refuse an index that has been over for long'),
  offline: z.boolean().default(false).describe('Use only what is in the cache'),
  with: z.enum(['auto', 'fast', 'debootstrap', 'mmdebstrap']).default('auto').describe('The way to bootstrap'),
  proxy: z.string().default('auto').describe('auto, none, or the URL of a proxy'),
  salt: z.string().default('').describe('Sets this build apart from others of the same inputs, to compare the two'),
});
type Input = z.output<typeof input>;

export const bootstrap = defineStep({
  id: 'bootstrap',
  summary: 'Build the base tree of an image',
  version: 1,
  input,
  output,
  // The archive is asked whenever a run is opened. What its answer decides is kept by the steps inside.
  reuse: 'never',
  singleFlight: false,
  needs: { root: true, tools: ['debootstrap', 'systemd-nspawn', 'gpgv', 'wget', 'chroot', 'getfattr'] },
  describe: ({ os, packages, date }) => `${os}, ${packages} packages, archive of ${date.slice(0, 10)}`,

  ...innerPipeline('base', inputsOf, output),
});

function inputsOf({ image, ...rest }: Input): Readonly<Record<string, unknown>> {
  return { ...rest, image: formatImageSpec(image) };
}
