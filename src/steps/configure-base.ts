/** Makes the tree that every machine of this kind begins with: its sources are complete, and it belongs to nobody. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { RootFiles } from '../host/services.ts';
import { aptSources } from '../model/apt-sources.ts';
import { parseOsRelease } from '../model/os-release.ts';
import { releaseOf } from '../model/releases.ts';
import { archSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { archiveSchema } from './lib/archive-schema.ts';
import { blankMachineId } from './lib/blank-machine-id.ts';
import { clearAptTraces } from './lib/clear-apt-traces.ts';
import { installedPackages } from './lib/dpkg-status.ts';
import { treeSize } from './lib/tree-size.ts';

/** Left by the building, or a machine's own. */
const unwanted = [
  '/debootstrap',
  '/etc/hostname',
  '/etc/hosts',
  '/etc/resolv.conf',
  '/etc/machine-id',
  '/var/lib/dbus/machine-id',
  '/usr/sbin/policy-rc.d',
];

const input = z.strictObject({
  tree: z.string().describe('The installed tree'),
  arch: archSchema.describe('Debian architecture of the tree'),
  archive: archiveSchema,
});
type Input = z.output<typeof input>;

export const configureBase = defineStep({
  id: 'configure-base',
  summary: 'Write the sources and take out what belongs to one machine',
  version: 2,
  input,
  output: z.strictObject({
    tree: z.string().describe('The tree that machines begin with'),
    packages: z.number().describe('How many packages are installed'),
    osPrettyName: z.string().describe('Name of the system, such as Debian GNU/Linux 12 (bookworm)'),
    sizeBytes: z.number().describe('Space that the tree takes'),
  }),
  reuse: 'always',
  needs: { root: true },
  // The tree stands for all else that the archive decided.
  identity: ({ tree, arch, archive }) => ({
    tree,
    arch,
    mirror: archive.mirror,
    archive: archive.archive,
    snapshot: archive.snapshot,
    trusted: archive.trusted,
    components: archive.components,
    suites: archive.suites,
    keyringDigest: archive.ownKeyring ? archive.keyringDigest : null,
  }),
  describe: ({ osPrettyName, packages, sizeBytes }) =>
    `${osPrettyName}, ${packages} packages, ${Math.round(sizeBytes / 1048576)} MiB`,

  async run(context) {
    const { services, input } = context;
    const { path, ref, root } = await services.trees.change(input.tree, { whole: true, durable: false });
    await clean(root);
    const guestKeyring = await installKeyring(context, path);
    await writeSources(root, input, guestKeyring);
    const installed = installedPackages((await root.readText('/var/lib/dpkg/status')) ?? '');
    const machineId = blankMachineId(installed.get('systemd'));
    if (machineId !== null) await root.writeText('/etc/machine-id', machineId, { mode: 0o444 });
    const osRelease = await root.readText('/etc/os-release');
    if (osRelease === null)
      throw fail('MSP_MACHINE_BROKEN', { name: input.archive.image, problem: 'its tree has no os-release' });
    return {
      tree: ref,
      packages: installed.size,
      osPrettyName: parseOsRelease(osRelease).prettyName,
      sizeBytes: await treeSize(context, path),
    };
  },
});

async function clean(root: RootFiles): Promise<void> {
  for (const path of unwanted) await root.remove(path);
  await clearAptTraces(root);
}

/** Another keyring than the release's own comes along, or apt in the machine could verify nothing. */
async function installKeyring({ services, input }: Context<Input>, tree: string): Promise<string | null> {
  if (!input.archive.ownKeyring) return null;
  const start = await services.root('/').readStart(input.archive.keyring, 5);
  const inside = `/etc/apt/keyrings/machinespawn.${start?.toString('latin1') === '-----' ? 'asc' : 'gpg'}`;
  await services.exec({ file: 'install', args: ['-D', '-m', '0644', '--', input.archive.keyring, `${tree}${inside}`] });
  return inside;
}

async function writeSources(root: RootFiles, { archive, arch }: Input, guestKeyring: string | null): Promise<void> {
  const release = releaseOf(archive.codename, archive.distro);
  const has = (role: 'updates' | 'security' | 'backports') =>
    archive.suites.find((suite) => suite.role === role && suite.exists);
  const sources = aptSources(
    { ...release, updatesSuite: has('updates')?.suite ?? null },
    {
      arch,
      archive: archive.archive,
      components: archive.components,
      frozen: !archive.checkValidUntil,
      trusted: archive.trusted,
      backports: has('backports') !== undefined,
      mirror: archive.mirror,
      securityMirror: has('security')?.mirror ?? null,
      ...(guestKeyring !== null && { guestKeyring }),
    },
  );
  for (const path of sources.remove) await root.remove(path);
  for (const { path, text } of sources.files) await root.writeText(path, text);
}
