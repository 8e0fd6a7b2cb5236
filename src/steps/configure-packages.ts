/** Runs the scripts of unpacked packages, in the tree they are in, in the order in which debootstrap would. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { Command, RootFiles } from '../host/services.ts';
import type { PackageSelection } from '../model/package-selection.ts';
import { defineStep, type Context } from './define-step.ts';
import { planConfigure } from './lib/configure-plan.ts';
import { outerScript, sessionPlace, sessionScript } from './lib/configure-script.ts';
import { installedPackages } from './lib/dpkg-status.ts';
import { placeNativeTwins } from './lib/native-twins.ts';
import { readSelection } from './lib/read-selection.ts';
import { runPackageScripts } from './lib/run-package-scripts.ts';

const policy = '/usr/sbin/policy-rc.d';
const daemonStarter = '/usr/sbin/start-stop-daemon';
const fakeStarter = '#!/bin/sh\necho\necho "Warning: Fake start-stop-daemon called, doing nothing"\n';

const input = z.strictObject({
  tree: z.string().describe('The unpacked tree'),
  selection: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .describe('Digest of the selection that the tree was unpacked from'),
  later: z.array(z.string()).default([]).describe('Packages that are still to be unpacked'),
  twin: z
    .string()
    .nullable()
    .default(null)
    .describe(
      "Unpacked tree of the same release and of the host's architecture, for a foreign tree; its programs stand in",
    ),
});
type Input = z.output<typeof input>;

export const configurePackages = defineStep({
  id: 'configure-packages',
  summary: 'Configure the packages of an unpacked tree',
  version: 1,
  input,
  output: z.strictObject({
    tree: z.string().describe('The configured tree'),
    packages: z.number().describe('How many packages are installed'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['chroot', 'mknod'] },
  describe: ({ packages }) => `${packages} packages installed`,

  async run(context) {
    const { services, input } = context;
    const selection = await readSelection(services, input.selection);
    const { path, ref, root } = await services.trees.change(input.tree, { whole: false });
    const twins = await twinsOf(context, path, root);
    await prepare(context, root, selection);
    const binds = await bindsOf(context, path, root, selection);
    await runPackageScripts(context, { file: 'sh', args: ['-c', outerScript, 'sh', path], binds, label: 'configure' });
    for (const place of [sessionPlace, policy, ...(twins?.places ?? [])]) {
      await root.remove(place);
      // With it, no service would ever start in the machine.
      if ((await root.info(place)) !== null) throw fail('MSP_FILE_UNWRITABLE', { path: place, problem: 'it stays' });
    }
    const installed = installedPackages((await root.readText('/var/lib/dpkg/status')) ?? '');
    const missing = selection.packages.find(({ name }) => !installed.has(name));
    if (missing !== undefined) {
      const tail = 'it is not installed in the end';
      throw fail('MSP_PACKAGE_SCRIPT', { package: missing.name, script: 'dpkg --configure', tail });
    }
    return { tree: ref, packages: installed.size };
  },
});

/** Null where there is none, or none that may stand in: then all is emulated. */
async function twinsOf({ input, services, log }: Context<Input>, path: string, root: RootFiles) {
  if (input.twin === null) return null;
  const twins = await placeNativeTwins(services, await services.trees.view(input.twin), { path, root });
  if (twins === null) {
    log.info('the other tree has other versions: all programs are emulated');
    return null;
  }
  await services.files.writeText(`${services.directories.scratch}/fstab`, twins.fstab);
  log.info(`${twins.programs} programs run natively`);
  return twins;
}

/** Files that debootstrap writes, and the session. */
async function prepare({ services, input }: Context<Input>, root: RootFiles, selection: PackageSelection) {
  const { files, directories } = services;
  if ((await root.info('/etc/fstab')) === null)
    await root.writeText('/etc/fstab', '# UNCONFIGURED FSTAB FOR BASE SYSTEM\n');
  await root.writeText('/var/lib/dpkg/cmethopt', 'apt apt\n');
  await root.writeText(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const { plan, status, laterStatus } = await planConfigure(services, root, selection, input.later);
  await root.writeText('/var/lib/dpkg/status', status);
  for (const [index, text] of laterStatus.entries())
    await files.writeText(`${directories.scratch}/status.${index}`, text);
  await files.writeText(`${directories.scratch}/session`, sessionScript(plan));
  await files.writeText(`${directories.scratch}/start-stop-daemon`, fakeStarter, { mode: 0o755 });
  await root.makeDirectory(sessionPlace);
}

async function bindsOf(
  { input, services }: Context<Input>,
  path: string,
  root: RootFiles,
  selection: PackageSelection,
): Promise<NonNullable<Command['binds']>> {
  const { packages, scratch } = services.directories;
  const debs = `${packages}/${selection.distro}`;
  if (input.later.length > 0) await services.files.makeDirectory(`${scratch}/debs`);
  return [
    { from: '/proc', to: `${path}/proc` },
    { from: '/sys', to: `${path}/sys` },
    { from: scratch, to: `${path}${sessionPlace}` },
    ...(input.later.length === 0 ? [] : [{ from: debs, to: `${path}${sessionPlace}/debs`, readOnly: true }]),
    // Only for this session: the real one stays as it is.
    ...((await root.info(daemonStarter)) === null
      ? []
      : [{ from: `${scratch}/start-stop-daemon`, to: `${path}${daemonStarter}` }]),
  ];
}
