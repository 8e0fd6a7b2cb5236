/**
 * Makes an unpacked tree a configured one: runs the scripts of the required packages, unpacks the others, and runs theirs,
 * all in the order in which debootstrap would.
 */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { RootFiles, StepServices } from '../host/services.ts';
import { twinScopes } from '../model/bootstrap-way.ts';
import { encodeName } from '../model/file-name.ts';
import { installOrder, type InstallOrder } from '../model/install-order.ts';
import type { PackageSelection } from '../model/package-selection.ts';
import { activatedPaths, pathInterests } from '../model/path-triggers.ts';
import { durationSchema } from '../model/schemas.ts';
import { specialPaths } from '../model/special-paths.ts';
import { defineStep, type Context } from './define-step.ts';
import { furtherSession, requiredSession, type ConfigureBatch } from './lib/configure-script.ts';
import { ConfigureSessions } from './lib/configure-sessions.ts';
import { installedPackages, packageVersions } from './lib/dpkg-status.ts';
import { placeNativeTwins, type NativeTwins } from './lib/native-twins.ts';
import { readSelection } from './lib/read-selection.ts';
import { scriptedPackages } from './lib/scripted-packages.ts';
import { listDirectories, settleDirectories } from './lib/settle-directories.ts';
import { infoFilesOf, unpackSelected } from './lib/unpack-selected.ts';

const input = z.strictObject({
  tree: z.string().describe('Tree with the required packages, unpacked'),
  selection: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .describe('SHA-256 of the list of packages that the tree was unpacked from'),
  twin: z
    .string()
    .nullable()
    .default(null)
    .describe(
      "For a foreign tree: an unpacked one of the host's architecture and the same release; its programs stand in",
    ),
  twinScope: z
    .enum(twinScopes)
    .default('required')
    .describe("Whose scripts see those programs: all packages', or only the required ones'"),
  idle: durationSchema.prefault('15m').describe('A script that says nothing for so long is ended'),
});
type Input = z.output<typeof input>;

export const configurePackages = defineStep({
  id: 'configure-packages',
  summary: 'Configure the required packages, then unpack and configure the others',
  version: 3,
  input,
  output: z.strictObject({
    tree: z.string().describe('The configured tree'),
    packages: z.number().describe('How many packages are installed'),
  }),
  reuse: 'always',
  identity: ({ tree, selection, twin, twinScope }) => ({ tree, selection, twin, ...(twin !== null && { twinScope }) }),
  needs: { root: true, tools: ['chroot', 'find', 'mknod', 'tar', 'xz'] },
  describe: ({ packages }) => `${packages} packages installed`,

  async run(context) {
    const { services, input } = context;
    const selection = await readSelection(services, input.selection);
    const { path, ref, root } = await services.trees.change(input.tree, { whole: false, durable: false, light: true });
    await writeFirstFiles(root);
    const sessions = await ConfigureSessions.open(
      context,
      { path, root },
      {
        twins: await placeTwins(context, path, root),
        idleMs: input.idle,
      },
    );
    try {
      const order = installOrder(selection);
      await configureRequired(context, selection, order, { path, root, sessions });
      // Before anything is unpacked that may lie in their places.
      if (input.twinScope === 'required') await sessions.dropTwins();
      if (order.groups.length + order.rest.length > 0)
        await installFurther(context, selection, order, { path, root, sessions });
    } catch (error) {
      await sessions.abandon();
      throw error;
    }
    await sessions.close();
    const installed = installedPackages((await root.readText('/var/lib/dpkg/status')) ?? '');
    const missing = selection.packages.find(({ name }) => !installed.has(name));
    if (missing !== undefined) {
      const tail = 'it is not installed in the end';
      throw fail('MSP_PACKAGE_SCRIPT', { package: missing.name, script: 'dpkg --configure', tail });
    }
    return { tree: ref, packages: installed.size };
  },
});

/** As debootstrap does. */
async function writeFirstFiles(root: RootFiles): Promise<void> {
  if ((await root.info('/etc/fstab')) === null)
    await root.writeText('/etc/fstab', '# UNCONFIGURED FSTAB FOR BASE SYSTEM\n');
  await root.writeText('/var/lib/dpkg/cmethopt', 'apt apt\n');
}

/** Null where there is none, or none that may stand in: then all is emulated. */
async function placeTwins({ input, services, log }: Context<Input>, path: string, root: RootFiles) {
  if (input.twin === null) return null;
  const twins: NativeTwins | null = await placeNativeTwins(services, await services.trees.view(input.twin), {
    path,
    root,
  });
  log.info(
    twins === null
      ? 'the other tree does not fit: all programs are emulated'
      : `${twins.programs} programs run natively`,
  );
  return twins;
}

interface OpenTree {
  readonly path: string;
  readonly root: RootFiles;
  readonly sessions: ConfigureSessions;
}

async function configureRequired(
  { services }: Context<Input>,
  selection: PackageSelection,
  { core, required }: InstallOrder,
  { root, sessions }: OpenTree,
): Promise<void> {
  const known = packageVersions((await root.readText('/var/lib/dpkg/status')) ?? '');
  // Two of them have the same file: whoever made the tree has left one to dpkg.
  const left = [...core, ...required].map(({ name }) => name).filter((name) => !known.has(name));
  const scripted = await scriptedPackages(root, left);
  const session = requiredSession(core.map(scripted), { packages: required.map(scripted), configure: 'pending' });
  await sessions.run(session, { debs: debsOf(services, selection, left) });
}

/** Not before: what lies there changes what scripts of the required packages do. */
async function installFurther(
  context: Context<Input>,
  selection: PackageSelection,
  { groups, rest }: InstallOrder,
  { sessions, ...tree }: OpenTree,
): Promise<void> {
  const { services } = context;
  const { root } = tree;
  const read = async (path: string): Promise<string> => (await root.readText(path)) ?? '';
  const batches = [...groups, rest];
  const directories = await listDirectories(context, tree);
  const unpacked = await unpackSelected(context, selection, batches.flat(), tree.path, {
    records: infoFilesOf,
    isSpecial: specialPaths({
      diversions: await read('/var/lib/dpkg/diversions'),
      overrides: await read('/var/lib/dpkg/statoverride'),
    }),
  });
  await settleDirectories(context, tree, directories, unpacked.extracted);
  for (const [path, text] of unpacked.triggers) await root.writeText(`/${path}`, (await read(`/${path}`)) + text);
  const interests = await read('/var/lib/dpkg/triggers/File');
  const scripted = await scriptedPackages(root, unpacked.left);
  const session: ConfigureBatch[] = [];
  const ahead = new Set(batches.flat().map(({ name }) => name));
  for (const [index, packages] of batches.entries()) {
    const records = packages.map(({ name }) => unpacked.stanzas.get(name) ?? '').join('');
    const file = `${services.directories.scratch}/status.${index}`;
    await services.files.writeText(file, [encodeName(records)], { durable: false });
    session.push({
      packages: packages.map(scripted),
      configure: index === batches.length - 1 ? 'all' : 'these',
      triggers: activatedPaths(
        pathInterests(interests, (name) => !ahead.has(name)),
        unpacked.packages.filter(({ control }) => packages.some(({ name }) => name === control.name)),
      ),
    });
    for (const { name } of packages) ahead.delete(name);
  }
  await sessions.run(furtherSession(session), { debs: debsOf(services, selection, unpacked.left) });
}

/** The directory that dpkg needs for what is left to it. */
function debsOf({ directories }: StepServices, { distro }: PackageSelection, left: readonly string[]): string | null {
  return left.length === 0 ? null : `${directories.packages}/${distro}`;
}
