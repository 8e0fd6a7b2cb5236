/** Finds out which packages a machine begins with, from the signed indexes of its archive. Nothing is installed. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { baseRecipe } from '../model/base-recipe.ts';
import { choosePackages } from '../model/choose-packages.ts';
import { selectionPath, type PackageSelection } from '../model/package-selection.ts';
import { foundByAptOnly, packagePins, parsePackageRequest, type PackageByName } from '../model/package-request.ts';
import { neededBy } from '../model/needed-by.ts';
import { PackageUniverse, type PackageSource } from '../model/package-universe.ts';
import { parseReleaseFile, type ReleaseFile } from '../model/release-file.ts';
import { archSchema, packageNameSchema, packageRequestSchema, variantSchema } from '../model/schemas.ts';
import { selectedPackages } from '../model/selected-packages.ts';
import { defineStep, type Context } from './define-step.ts';
import { archiveSchema } from './lib/archive-schema.ts';
import { recallIndex } from './lib/archive-memory.ts';
import { readPackages } from './lib/read-packages.ts';
import { sha256 } from './lib/sha256.ts';
import { suiteSchema, type Suite } from './lib/suite-schema.ts';
import { fetchIndex } from './lib/verify-index.ts';
import { whenOptional } from './lib/when-optional.ts';

const input = z.strictObject({
  archive: archiveSchema,
  arch: archSchema.describe('Debian architecture of the machine'),
  variant: variantSchema.default('default'),
  include: z.array(packageRequestSchema).default([]).describe('More packages'),
  exclude: z.array(packageNameSchema).default([]).describe('Packages to leave out, unless another one needs them'),
  only: z.array(packageNameSchema).default([]).describe('Only those of them, and what they depend on; none for all'),
  suites: z
    .array(suiteSchema)
    .default([])
    .describe('More suites to choose from; debootstrap takes none, mmdebstrap takes updates and security'),
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
  offline: z.boolean().default(false).describe('Ask nobody: what is lacking is an error'),
  optional: z.boolean().default(false).describe('Where it cannot be had: none, with a warning, instead of an error'),
});
type Input = z.output<typeof input>;

const output = z.strictObject({
  selection: z
    .string()
    .nullable()
    .describe('SHA-256 of the list of packages, which is kept in the cache; null for none'),
  packages: z.number().describe('How many packages'),
  downloadBytes: z.number().describe('Size of all of them, as they are in the archive'),
});
type Output = z.output<typeof output>;

export const selectPackages = defineStep({
  id: 'select-packages',
  summary: 'Choose the packages of the machine',
  version: 2,
  input,
  output,
  reuse: 'always',
  needs: { tools: ['xz'] },
  // The digests stand for all that the indexes promise; proxy and offline change nothing of it.
  identity: (given) => ({
    distro: given.archive.distro,
    codename: given.archive.codename,
    components: given.archive.components,
    keyringDigest: given.archive.keyringDigest,
    suites: suitesOf(given),
    arch: given.arch,
    variant: given.variant,
    include: sortedSet(given.include),
    exclude: sortedSet(given.exclude),
    ...(given.only.length > 0 && { only: sortedSet(given.only) }),
  }),
  isKept: ({ selection }) => selection !== null,
  describe: ({ selection, packages, downloadBytes }) =>
    selection === null ? 'none' : `${packages} packages, ${(downloadBytes / 1e6).toFixed(1)} MB`,

  async check({ output, services }) {
    if (output.selection === null) return true;
    const path = selectionPath(services.directories.cache, output.selection);
    return (await services.files.sha256(path)) === output.selection;
  },

  run: (context) =>
    whenOptional(context, context.input.optional, { selection: null, packages: 0, downloadBytes: 0 }, () =>
      select(context),
    ),
});

/** What cannot be had is an error here. */
async function select(context: Context<Input>): Promise<Output> {
  const { services, input } = context;
  const { archive, arch, variant } = input;
  if (input.offline) throw fail('MSP_OFFLINE', { what: `a choice of packages for ${archive.image} ${arch}` });
  const { distro, codename, mirror } = archive;
  const sources: PackageSource[] = [];
  // One after the other: two at once would need the memory of two.
  for (const suite of suitesOf(input)) {
    const release = await releaseOf(context, suite);
    for (const component of archive.components) {
      context.progress({ phase: 'reading the list of packages', text: `${suite.suite}/${component}` });
      sources.push(await readPackages(context, { ...suite, component, arch, release, proxy: input.proxy }));
    }
  }
  const asked = byName(input);
  const pins = packagePins(asked);
  const universe = new PackageUniverse(arch, sources, pins);
  const recipe = baseRecipe(universe, { distro, codename, variant, mirror });
  const include = asked.map(({ name }) => name);
  const request = { recipe, include, pins, exclude: input.exclude, suite: codename };
  const all = selectedPackages(universe, choosePackages(universe, request), codename);
  const packages = input.only.length === 0 ? all : neededBy(input.only, all);
  for (const name of packages.filter((one) => input.exclude.includes(one.name)).map((one) => one.name))
    context.log.warn(`${name} is not left out: another package needs it`);
  const selection: PackageSelection = { format: 1, distro, suite: codename, arch, packages };
  const text = `${JSON.stringify(selection)}\n`;
  const digest = sha256(text);
  const path = selectionPath(services.directories.cache, digest);
  await services.files.makeDirectory(path.slice(0, path.lastIndexOf('/')));
  await services.files.writeText(path, text);
  return {
    selection: digest,
    packages: packages.length,
    downloadBytes: packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

/** Throws MSP_USAGE for what only apt finds. */
function byName({ include, arch }: Input): readonly PackageByName[] {
  return include.map((text) => {
    const asked = parsePackageRequest(text);
    const problem = asked === null ? `'${text}' is not a package` : foundByAptOnly(asked, arch);
    if (asked?.kind === 'package' && problem === null) return asked;
    throw fail('MSP_USAGE', {
      problem: problem ?? text,
      hint: 'apt finds it: bootstrap with mmdebstrap, or use the step apt',
    });
  });
}

/** The main one first: where two suites have the same version, it counts. */
function suitesOf({ archive, suites }: Input): readonly Suite[] {
  const { codename: suite, mirror, inReleaseDigest } = archive;
  return [{ suite, mirror, inReleaseDigest }, ...suites];
}

/** The very index whose signature was verified when its digest was taken. Throws MSP_ARCHIVE_CHANGED. */
async function releaseOf(context: Context<Input>, { suite, mirror, inReleaseDigest }: Suite): Promise<ReleaseFile> {
  // Mostly resolve-archive has just seen it.
  const last = await recallIndex(context, mirror, suite);
  const isSame = last?.digest === inReleaseDigest;
  const index = isSame ? last : await fetchIndex(context, mirror, suite, context.input.proxy);
  if (index === null) throw fail('MSP_SUITE_NOT_FOUND', { suite, mirror });
  if (index.digest !== inReleaseDigest) throw fail('MSP_ARCHIVE_CHANGED', { suite, mirror });
  return parseReleaseFile(index.text, index.url);
}

function sortedSet(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
