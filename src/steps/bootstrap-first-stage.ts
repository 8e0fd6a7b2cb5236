/** Runs debootstrap's first stage: downloads and unpacks, configures nothing. Needs no emulation. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { releaseOf } from '../model/releases.ts';
import { archSchema, packageNameSchema, packageRequestSchema, variantSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { archiveSchema } from './lib/archive-schema.ts';
import { checkSameIndex } from './lib/check-same-index.ts';
import { runDebootstrap } from './lib/run-debootstrap.ts';
import { leavingDeadProxy } from './lib/without-proxy.ts';

const scripts = '/usr/share/debootstrap/scripts';
/** The way there is tried again; a proxy that hangs is soon left for it. */
const directly = 'use_proxy = off\ntimeout = 60\n';
const throughProxy = 'use_proxy = on\nno_proxy =\ntimeout = 30\ntries = 2\n';

const input = z.strictObject({
  archive: archiveSchema,
  arch: archSchema.describe('Debian architecture of the machine'),
  variant: variantSchema.default('default'),
  include: z.array(packageRequestSchema).default([]).describe('More packages'),
  exclude: z.array(packageNameSchema).default([]).describe('Packages to leave out'),
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
  offline: z.boolean().default(false).describe('Ask nobody: the step then has nothing to build from'),
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
    // It runs only when no result of it is kept.
    if (input.offline)
      throw fail('MSP_OFFLINE', { what: `a base of ${archive.image} for ${arch} from that state of its archive` });
    const odd = input.include.find((asked) => !packageNameSchema.safeParse(asked).success);
    if (odd !== undefined) {
      const problem = `debootstrap takes names only, and not ${odd}`;
      throw fail('MSP_WAY_UNFIT', { way: 'debootstrap', image: archive.image, problem });
    }
    // Two builds must not write the same .deb.
    await services.lock(`packages-${archive.distro}`);
    const packages = `${services.directories.packages}/${archive.distro}`;
    // With it, debootstrap downloads there and renames what is whole and has the right digest.
    await services.files.makeDirectory(`${packages}/partial`);
    const script = await scriptOf(context);
    const { path, ref, root } = await services.trees.change(null);
    const args = argumentsOf(input, packages, path, script);
    await leavingDeadProxy(context, {
      proxy: input.proxy,
      url: `${archive.mirror}/dists/${archive.codename}/InRelease`,
      go: async ({ proxy, giveUp, downloads }) =>
        await runDebootstrap(
          context,
          { file: 'debootstrap', args, env: await environment(context, proxy), giveUp, label: 'first stage' },
          { suite: archive.codename, mirror: archive.mirror, arch },
          [packages, path],
          (code) => downloads(code.startsWith('DOWN')),
        ),
      // It only adds to its notes. What it has fetched stays and is not fetched again.
      retreat: async () => await root.remove('/debootstrap'),
    });
    await checkSameIndex(root, input.archive);
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

/**
 * The proxy is our choice alone: left to itself, debootstrap runs the detector of the host's apt, and wget reads the
 * settings of whoever it runs for.
 */
async function environment(
  { services }: Context<Input>,
  proxy: string | null,
): Promise<Readonly<Record<string, string>>> {
  const { scratch } = services.directories;
  const noConfiguration = `${scratch}/apt.conf`;
  await services.files.writeText(noConfiguration, 'Dir::Etc::main "/dev/null";\nDir::Etc::parts "/dev/null";\n');
  await services.files.writeText(`${scratch}/wgetrc`, proxy === null ? directly : throughProxy);
  const url = proxy === null ? null : services.proxies.reveal(proxy);
  return {
    APT_CONFIG: noConfiguration,
    WGETRC: `${scratch}/wgetrc`,
    ...(url !== null && { http_proxy: url, https_proxy: url }),
  };
}

/** Null where this debootstrap knows the suite; older than the suite, it is given the generic script. */
async function scriptOf({ services, input, log }: Context<Input>): Promise<string | null> {
  const { codename, distro } = input.archive;
  if ((await services.files.info(`${scripts}/${codename}`)) !== null) return null;
  const script = `${scripts}/${releaseOf(codename, distro).genericScript}`;
  log.info(`debootstrap has no script for ${codename}; ${script} is used`);
  return script;
}

function sortedSet(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
