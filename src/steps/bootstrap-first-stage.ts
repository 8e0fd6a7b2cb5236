/** Runs debootstrap's first stage: downloads and unpacks, configures nothing. Needs no emulation. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { RootFiles } from '../host/services.ts';
import { releaseOf } from '../model/releases.ts';
import { archSchema, variantSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { archiveSchema } from './lib/archive-schema.ts';
import { runDebootstrap } from './lib/run-debootstrap.ts';
import { sha256 } from './lib/sha256.ts';

const scripts = '/usr/share/debootstrap/scripts';
const lists = '/var/lib/apt/lists';
const mostIndexBytes = 4 * 1024 * 1024;

const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/u, 'not a package name');
const input = z.strictObject({
  archive: archiveSchema,
  arch: archSchema.describe('Debian architecture of the machine'),
  variant: variantSchema.default('default'),
  include: z.array(packageName).default([]).describe('More packages'),
  exclude: z.array(packageName).default([]).describe('Packages to leave out'),
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
  debootstrap: z.string().describe("Version of the host's debootstrap"),
  salt: z.string().default('').describe('Sets this build apart from others of the same inputs, to compare the two'),
});
type Input = z.output<typeof input>;

export const bootstrapFirstStage = defineStep({
  id: 'bootstrap-first-stage',
  summary: 'Download and unpack the base packages',
  version: 1,
  input,
  output: z.strictObject({
    tree: z.string().describe('The unpacked tree'),
    packages: z.number().describe('How many packages'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['debootstrap'] },
  retry: { attempts: 2, on: ['MSP_DEBOOTSTRAP_NETWORK'], delayMs: 2000 },
  // The proxy only makes it faster. The digest stands for all that the index promises.
  identity: ({ archive, arch, variant, include, exclude, debootstrap, salt }) => ({
    codename: archive.codename,
    mirror: archive.mirror,
    components: sortedSet(archive.components),
    keyringDigest: archive.keyringDigest,
    inReleaseDigest: archive.inReleaseDigest,
    arch,
    variant,
    include: sortedSet(include),
    exclude: sortedSet(exclude),
    debootstrap,
    ...(salt !== '' && { salt }),
  }),
  describe: ({ packages }) => `${packages} packages`,

  async run(context) {
    const { services, input } = context;
    const { archive, arch } = input;
    // Two builds must not write the same .deb.
    await services.lock(`packages-${archive.distro}`);
    const packages = `${services.directories.packages}/${archive.distro}`;
    // With it, debootstrap downloads there and renames what is whole and has the right digest.
    await services.files.makeDirectory(`${packages}/partial`);
    const env = await environment(context);
    const script = await scriptOf(context);
    const { path, ref, root } = await services.trees.change(null);
    await runDebootstrap(
      context,
      { file: 'debootstrap', args: argumentsOf(input, packages, path, script), env, label: 'first stage' },
      { suite: archive.codename, mirror: archive.mirror, arch },
      [packages, path],
    );
    await checkSameIndex(root, input);
    // debootstrap copies them from the host.
    await root.remove('/etc/hostname');
    await root.remove('/etc/resolv.conf');
    const paths = (await root.readText('/debootstrap/debpaths')) ?? '';
    return { tree: ref, packages: paths.split('\n').filter((line) => line !== '').length };
  },
});

function argumentsOf(input: Input, packages: string, target: string, script: string | null): readonly string[] {
  const { archive, arch, variant } = input;
  const list = (option: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${option}=${names.join(',')}`];
  return [
    '--foreign',
    '--debian-installer',
    '--force-check-gpg',
    `--keyring=${archive.keyring}`,
    `--arch=${arch}`,
    ...(variant === 'default' ? [] : [`--variant=${variant}`]),
    ...list('--include', sortedSet(input.include)),
    ...list('--exclude', sortedSet(input.exclude)),
    ...list('--components', archive.components),
    `--cache-dir=${packages}`,
    archive.codename,
    target,
    archive.mirror,
    ...(script === null ? [] : [script]),
  ];
}

/** The proxy is our choice alone: left to itself, debootstrap runs the detector of the host's apt. */
async function environment({ services, input }: Context<Input>): Promise<Readonly<Record<string, string>>> {
  const noConfiguration = `${services.directories.scratch}/apt.conf`;
  await services.files.writeText(noConfiguration, 'Dir::Etc::main "/dev/null";\nDir::Etc::parts "/dev/null";\n');
  const exceptions = services.facts.env('no_proxy');
  return {
    APT_CONFIG: noConfiguration,
    ...(input.proxy !== null && { http_proxy: input.proxy, https_proxy: input.proxy }),
    ...(input.proxy !== null && exceptions !== undefined && { no_proxy: exceptions }),
  };
}

/** Null where this debootstrap knows the suite; older than the suite, it is given the generic script. */
async function scriptOf({ services, input, log }: Context<Input>): Promise<string | null> {
  const { codename } = input.archive;
  if ((await services.files.info(`${scripts}/${codename}`)) !== null) return null;
  const script = `${scripts}/${releaseOf(codename).genericScript}`;
  log.info(`debootstrap has no script for ${codename}; ${script} is used`);
  return script;
}

/** What debootstrap read must be what was resolved, or the key would name another content. */
async function checkSameIndex(root: RootFiles, { archive }: Input): Promise<void> {
  const names = await root.list(lists);
  const ofSuite = (file: string) => names.find((name) => name.endsWith(`_dists_${archive.codename}_${file}`));
  const name = ofSuite('InRelease') ?? ofSuite('Release');
  const index = name === undefined ? null : await root.readStart(`${lists}/${name}`, mostIndexBytes);
  if (index === null || sha256(index) !== archive.inReleaseDigest) {
    throw fail('MSP_ARCHIVE_CHANGED', { suite: archive.codename, mirror: archive.mirror });
  }
}

function sortedSet(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
