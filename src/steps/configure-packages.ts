/** Runs the scripts of unpacked packages, in the tree they are in, in the order in which debootstrap would. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { RootFiles } from '../host/services.ts';
import { debPath } from '../model/package-selection.ts';
import type { PackageSelection, SelectedPackage } from '../model/package-selection.ts';
import { defineStep, type Context } from './define-step.ts';
import {
  outerScript,
  sessionPlace,
  sessionScript,
  type ConfigurePlan,
  type ScriptedPackage,
} from './lib/configure-script.ts';
import { installedPackages } from './lib/dpkg-status.ts';
import { readSelection } from './lib/read-selection.ts';
import { runPackageScripts } from './lib/run-package-scripts.ts';

/** debootstrap installs these before all others, in this order. */
const coreNames = ['base-passwd', 'base-files', 'dpkg', 'libc6', 'perl-base', 'mawk', 'debconf'];
const policy = '/usr/sbin/policy-rc.d';
/** Services must not start in a tree; programs that are not there cannot be bound over. */
const daemonStarter = '/usr/sbin/start-stop-daemon';

const input = z.strictObject({
  tree: z.string().describe('The unpacked tree'),
  selection: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .describe('Digest of the selection that the tree was unpacked from'),
  later: z.array(z.string()).default([]).describe('Packages that are still to be unpacked'),
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
    await prepare(context, root, selection);
    const binds = await bindsOf(context, path, root, selection);
    await runPackageScripts(context, { file: 'sh', args: ['-c', outerScript, 'sh', path], binds, label: 'configure' });
    await root.remove(sessionPlace);
    await root.remove(policy);
    if ((await root.info(policy)) !== null) throw fail('MSP_FILE_UNWRITABLE', { path: policy, problem: 'it stays' });
    const installed = installedPackages((await root.readText('/var/lib/dpkg/status')) ?? '');
    const missing = selection.packages.filter(({ name }) => !installed.has(name));
    if (missing[0] !== undefined)
      throw fail('MSP_PACKAGE_SCRIPT', {
        package: missing[0].name,
        script: 'dpkg --configure',
        tail: 'it was not configured',
      });
    return { tree: ref, packages: installed.size };
  },
});

/** Files of debootstrap's first stage, and the split of what dpkg knows at first from what it learns later. */
async function prepare(context: Context<Input>, root: RootFiles, selection: PackageSelection): Promise<void> {
  const { scratch } = context.services.directories;
  const { files } = context.services;
  if ((await root.info('/etc/fstab')) === null)
    await root.writeText('/etc/fstab', '# UNCONFIGURED FSTAB FOR BASE SYSTEM\n');
  await root.writeText('/var/lib/dpkg/cmethopt', 'apt apt\n');
  await root.writeText(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const required = new Set(selection.packages.filter(({ stage }) => stage === 'required').map(({ name }) => name));
  const stanzas = ((await root.readText('/var/lib/dpkg/status')) ?? '').split('\n\n').filter((text) => text !== '');
  const isRequired = (stanza: string): boolean => required.has(/^Package: (.*)$/mu.exec(stanza)?.[1] ?? '');
  const join = (some: readonly string[]): string => some.map((stanza) => `${stanza.trimEnd()}\n\n`).join('');
  await root.writeText('/var/lib/dpkg/status', join(stanzas.filter(isRequired)));
  await files.writeText(`${scratch}/status`, join(stanzas.filter((stanza) => !isRequired(stanza))));
  await files.writeText(`${scratch}/session`, sessionScript(await planOf(context, root, selection)));
  await files.writeText(
    `${scratch}/start-stop-daemon`,
    '#!/bin/sh\necho\necho "Warning: Fake start-stop-daemon called, doing nothing"\n',
    { mode: 0o755 },
  );
  await root.makeDirectory(sessionPlace);
}

async function planOf(
  { input, services }: Context<Input>,
  root: RootFiles,
  selection: PackageSelection,
): Promise<ConfigurePlan> {
  const info = new Set(await root.list('/var/lib/dpkg/info'));
  const later = new Set(input.later);
  const scripted = (selected: SelectedPackage): ScriptedPackage => {
    const preinst = [selected.name, `${selected.name}:${selected.arch}`].find((name) => info.has(`${name}.preinst`));
    const { name, arch } = selected;
    return { name, arch, preinst: preinst === undefined ? null : `/var/lib/dpkg/info/${preinst}.preinst` };
  };
  const unpacked = selection.packages.filter(({ name }) => !later.has(name));
  const byName = new Map(selection.packages.map((selected) => [selected.name, selected]));
  const required = unpacked.filter(({ stage }) => stage === 'required');
  const core = coreNames.flatMap((name) => required.find((selected) => selected.name === name) ?? []);
  const directory = `${services.directories.packages}/${selection.distro}`;
  return {
    core: core.map(scripted),
    required: required.filter(({ name }) => !coreNames.includes(name)).map(scripted),
    rest: unpacked.filter(({ stage }) => stage !== 'required').map(scripted),
    later: inOrder([...later], byName).map((selected) => ({
      name: selected.name,
      deb: debPath(directory, selected).slice(directory.length + 1),
      configureFirst: selected.preDepends.filter((name) => byName.get(name)?.stage !== 'required'),
    })),
  };
}

/** Each after those of the others that it pre-depends on. */
function inOrder(names: readonly string[], byName: ReadonlyMap<string, SelectedPackage>): readonly SelectedPackage[] {
  const sorted = new Set<SelectedPackage>();
  const visit = (name: string, from: readonly string[]): void => {
    const selected = byName.get(name);
    if (selected === undefined || sorted.has(selected) || from.includes(name)) return;
    for (const before of selected.preDepends) if (names.includes(before)) visit(before, [...from, name]);
    sorted.add(selected);
  };
  for (const name of names) visit(name, []);
  return [...sorted];
}

async function bindsOf(
  { input, services }: Context<Input>,
  path: string,
  root: RootFiles,
  selection: PackageSelection,
) {
  const { packages, scratch } = services.directories;
  if (input.later.length > 0) await services.files.makeDirectory(`${scratch}/debs`);
  return [
    { from: '/proc', to: `${path}/proc` },
    { from: '/sys', to: `${path}/sys` },
    { from: scratch, to: `${path}${sessionPlace}` },
    ...(input.later.length === 0
      ? []
      : [{ from: `${packages}/${selection.distro}`, to: `${path}${sessionPlace}/debs`, readOnly: true }]),
    ...((await root.info(daemonStarter)) === null
      ? []
      : [{ from: `${scratch}/start-stop-daemon`, to: `${path}${daemonStarter}` }]),
  ];
}
