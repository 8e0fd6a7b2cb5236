/**
 * Makes an unpacked tree a configured one: runs the scripts of the required packages, unpacks the others, and runs theirs,
 * all in the order in which debootstrap would.
 */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { RootFiles } from '../host/services.ts';
import { twinScopes } from '../model/bootstrap-way.ts';
import { installOrder, type InstallOrder } from '../model/install-order.ts';
import type { PackageSelection } from '../model/package-selection.ts';
import { durationSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { furtherSession, requiredSession } from './lib/configure-script.ts';
import { ConfigureSessions } from './lib/configure-sessions.ts';
import { installedPackages } from './lib/dpkg-status.ts';
import { placeNativeTwins, type NativeTwins } from './lib/native-twins.ts';
import { readSelection } from './lib/read-selection.ts';
import { scriptedPackages } from './lib/scripted-packages.ts';
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
  version: 2,
  input,
  output: z.strictObject({
    tree: z.string().describe('The configured tree'),
    packages: z.number().describe('How many packages are installed'),
  }),
  reuse: 'always',
  identity: ({ tree, selection, twin, twinScope }) => ({ tree, selection, twin, ...(twin !== null && { twinScope }) }),
  needs: { root: true, tools: ['chroot', 'mknod', 'tar', 'xz'] },
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
    const order = installOrder(selection);
    const scripted = await scriptedPackages(root, []);
    const required = { packages: order.required.map(scripted), configure: 'pending' as const };
    await sessions.run(requiredSession(order.core.map(scripted), required));
    // Before anything is unpacked that may lie in their places.
    if (input.twinScope === 'required') await sessions.dropTwins();
    if (order.groups.length + order.rest.length > 0)
      await installFurther(context, selection, order, { path, root, sessions });
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

/** Not before: what lies there changes what scripts of the required packages do. */
async function installFurther(
  context: Context<Input>,
  selection: PackageSelection,
  { groups, rest }: InstallOrder,
  tree: { readonly path: string; readonly root: RootFiles; readonly sessions: ConfigureSessions },
): Promise<void> {
  const { services } = context;
  const batches = [...groups, rest];
  const unpacked = await unpackSelected(context, selection, batches.flat(), tree.path, { records: infoFilesOf });
  for (const [path, text] of unpacked.triggers) {
    const before = (await tree.root.readText(`/${path}`)) ?? '';
    await tree.root.writeText(`/${path}`, before + text);
  }
  for (const [index, packages] of batches.entries()) {
    const records = packages.map(({ name }) => unpacked.stanzas.get(name) ?? '').join('');
    await services.files.writeText(`${services.directories.scratch}/status.${index}`, records, { durable: false });
  }
  const scripted = await scriptedPackages(tree.root, unpacked.left);
  const session = furtherSession(
    batches.map((packages, index) => ({
      packages: packages.map(scripted),
      configure: index === batches.length - 1 ? 'all' : 'these',
    })),
  );
  const debs = unpacked.left.length === 0 ? null : `${services.directories.packages}/${selection.distro}`;
  await tree.sessions.run(session, { debs });
}
