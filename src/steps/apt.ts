/** Installs and removes packages in a tree. What is downloaded stays in the shared cache, and no service starts. */
import { z } from 'zod';
import type { RootFiles } from '../host/services.ts';
import { parseOsRelease } from '../model/os-release.ts';
import { defineStep, type Context } from './define-step.ts';
import { aptFailure, readAptProgress } from './lib/apt-output.ts';
import { clearAptTraces } from './lib/clear-apt-traces.ts';
import { installedPackages } from './lib/dpkg-status.ts';
import { runInTree, type TreeBind } from './lib/run-in-tree.ts';

const archives = '/var/cache/apt/archives';

// As apt-get takes it: name, name:arch, name=version, name/suite.
const packageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:=[\w.+~:-]+|\/[\w.-]+)?$/u, 'not the name of a package');

const input = z.strictObject({
  tree: z.string().describe('The tree to change; its sources.list says where packages come from'),
  install: z.array(packageName).default([]).describe('Packages to install'),
  remove: z.array(packageName).default([]).describe('Packages to remove, with their configuration'),
  recommends: z.boolean().default(false).describe('Install what packages recommend, too'),
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
  asOf: z
    .string()
    .default('')
    .describe('Stands for the state of the archive, such as its digest: another one installs anew'),
  epoch: z.int().min(0).nullable().default(null).describe('SOURCE_DATE_EPOCH for what packages generate, in seconds'),
});
type Input = z.output<typeof input>;

export const apt = defineStep({
  id: 'apt',
  summary: 'Install and remove packages in a tree',
  version: 1,
  input,
  output: z.strictObject({
    tree: z.string().describe('The changed tree'),
    packages: z.number().describe('How many packages are installed in it'),
    added: z.number().describe('How many of them this step installed'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['systemd-nspawn'] },
  retry: { attempts: 2, on: ['MSP_APT_NETWORK'], delayMs: 2000 },
  // The proxy only makes it faster. The order of names means nothing.
  identity: ({ tree, install, remove, recommends, asOf, epoch }) => ({
    tree,
    install: [...new Set(install)].toSorted(),
    remove: [...new Set(remove)].toSorted(),
    recommends,
    asOf,
    epoch,
  }),
  describe: ({ packages, added }) => `${added} installed, ${packages} packages in all`,

  async run(context) {
    const { services, input } = context;
    const tree = await services.trees.change(input.tree, { whole: true });
    const before = await packagesIn(tree.root);
    if (input.remove.length > 0) await aptGet(context, tree, ['purge', '--auto-remove', ...input.remove], {});
    if (input.install.length > 0) {
      const cache = await openCache(context, tree.root);
      context.progress({ phase: 'reading the package lists' });
      await aptGet(context, tree, ['update', '-o', 'APT::Update::Error-Mode=any'], { network: true });
      const install = [
        'install',
        input.recommends ? '--install-recommends' : '--no-install-recommends',
        ...input.install,
      ];
      await aptGet(context, tree, [...install, '--download-only'], {
        network: true,
        cache: { ...cache, readOnly: false },
      });
      // What packages run as root sees neither the network nor a cache that it could change.
      await aptGet(context, tree, [...install, '--no-download', '-o', 'Debug::NoLocking=true'], { cache });
    }
    await clearAptTraces(tree.root);
    const after = await packagesIn(tree.root);
    return {
      tree: tree.ref,
      packages: after.size,
      added: [...after.keys()].filter((name) => !before.has(name)).length,
    };
  },
});

async function packagesIn(root: RootFiles): Promise<ReadonlyMap<string, string>> {
  return installedPackages((await root.readText('/var/lib/dpkg/status')) ?? '');
}

/** Shared with the bootstraps of the same distribution: apt and debootstrap name files alike. */
async function openCache({ services }: Context<Input>, root: RootFiles): Promise<TreeBind> {
  const { id } = parseOsRelease((await root.readText('/etc/os-release')) ?? '');
  await services.lock(`packages-${id}`);
  const from = `${services.directories.packages}/${id}`;
  await services.files.makeDirectory(`${from}/partial`);
  await root.makeDirectory(archives);
  return { from, to: archives, readOnly: true };
}

async function aptGet(
  context: Context<Input>,
  tree: Parameters<typeof runInTree>[1],
  words: readonly string[],
  how: { readonly network?: boolean; readonly cache?: TreeBind },
): Promise<void> {
  const { input } = context;
  const lines: string[] = [];
  const progress = readAptProgress((state) => context.progress(state));
  const options = [
    // apt's own user could not write to the shared cache.
    'APT::Sandbox::User=root',
    'Acquire::Retries=3',
    'Dpkg::Use-Pty=0',
    'Dpkg::Options::=--force-confdef',
    'Dpkg::Options::=--force-confold',
    // The tree is made durable as a whole.
    'Dpkg::Options::=--force-unsafe-io',
    ...(input.proxy === null ? [] : [`Acquire::http::Proxy=${input.proxy}`, `Acquire::https::Proxy=${input.proxy}`]),
  ].flatMap((option) => ['-o', option]);
  await runInTree(context, tree, {
    command: ['apt-get', '--assume-yes', '--quiet', ...options, ...words],
    network: how.network === true,
    binds: how.cache === undefined ? [] : [how.cache],
    ...(input.epoch === null ? {} : { env: { SOURCE_DATE_EPOCH: String(input.epoch) } }),
    onLine: (line) => {
      if (/^(?:E|W|Err)[: ]/u.test(line)) lines.push(line);
      progress(line);
    },
  }).catch((error: unknown) => {
    throw aptFailure(lines, error);
  });
}
