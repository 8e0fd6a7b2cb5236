/** Looks at the finished machine before anyone can use it. What is wrong here is our fault. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { RootFiles } from '../host/services.ts';
import { archSchema, machineNameSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { readArch, readMachineId, readOsRelease } from './lib/inspect-machine.ts';
import { isStagingThere } from './lib/staging.ts';
import { withEmulator } from './lib/with-emulator.ts';

const input = z.strictObject({
  staging: z.string().describe('Directory in which the machine is prepared'),
  name: machineNameSchema,
  arch: archSchema.describe('Debian architecture that it must have'),
  hostname: z.string().describe('Host name that it must have'),
  machineId: z.string().describe('machine-id that it must have'),
});
type Input = z.output<typeof input>;

const aptConfiguration = '/etc/apt/apt.conf.d';

export const verifyMachine = defineStep({
  id: 'verify-machine',
  summary: 'Check the machine before it is published',
  version: 1,
  input,
  output: z.strictObject({
    os: z.string().describe('Name of the system inside'),
    arch: archSchema.describe('Debian architecture of its programs'),
  }),
  reuse: 'run',
  needs: { root: true, tools: ['chroot'] },
  check: ({ input, services }) => isStagingThere(services, input.staging, input.name),
  describe: ({ os, arch }) => `${os}, ${arch}`,

  async run(context) {
    const { services, input } = context;
    const root = services.root(input.staging);
    const broken = (problem: string) => fail('MSP_MACHINE_BROKEN', { name: input.name, problem });
    await checkMounts(context);
    const os = await readOsRelease(root);
    if (os === null) throw broken('it has no os-release');
    const arch = await readArch(root);
    if (arch !== input.arch)
      throw broken(`its shell is for ${arch ?? 'no architecture that we know'}, not for ${input.arch}`);
    const problem = (await identityProblem(root, input)) ?? (await remainsProblem(root));
    if (problem !== null) throw broken(problem);
    await audit(context, root);
    return { os: os.prettyName, arch };
  },
});

/** What is mounted below would be published, and removed with it. */
async function checkMounts({ services, input }: Context<Input>): Promise<void> {
  const table = await services.files.readText('/proc/self/mountinfo');
  const mounts = table
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/gu, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .filter((place) => place.startsWith(`${input.staging}/`));
  if (mounts.length > 0) throw fail('MSP_TREE_HAS_MOUNTS', { path: input.staging, mounts });
}

async function identityProblem(root: RootFiles, input: Input): Promise<string | null> {
  if ((await root.readText('/etc/hostname'))?.trim() !== input.hostname) return 'its host name is another one';
  if ((await root.readText('/etc/hosts'))?.includes(input.hostname) !== true)
    return 'its /etc/hosts does not know its host name';
  if ((await readMachineId(root)) !== input.machineId) return 'its machine-id is another one';
  return null;
}

/** What the building may not leave. */
async function remainsProblem(root: RootFiles): Promise<string | null> {
  for (const path of [
    '/debootstrap',
    '/usr/sbin/policy-rc.d',
    '/sbin/start-stop-daemon.REAL',
    '/usr/sbin/start-stop-daemon.REAL',
  ]) {
    if ((await root.info(path)) !== null) return `${path} was left behind`;
  }
  const archives = await root.list('/var/cache/apt/archives');
  if (archives.some((name) => name.endsWith('.deb'))) return 'there are .deb files in /var/cache/apt/archives';
  const lists = await root.list('/var/lib/apt/lists');
  if (lists.some((name) => name !== 'partial' && name !== 'lock')) return 'there are lists in /var/lib/apt/lists';
  for (const path of [
    '/etc/apt/apt.conf',
    ...(await root.list(aptConfiguration)).map((name) => `${aptConfiguration}/${name}`),
  ]) {
    const text = (await root.readText(path)) ?? '';
    if (/^\s*[^#/\n]*\bproxy\b/imu.test(text)) return `${path} names a proxy`;
  }
  return null;
}

async function audit(context: Context<Input>, root: RootFiles): Promise<void> {
  const { services, input } = context;
  // The machine's own dpkg: the host's would call every package of another architecture foreign.
  const { stdout } = await withEmulator(context, root, input.arch, (binds) =>
    services.exec({ file: 'chroot', args: [input.staging, 'dpkg', '--audit'], okCodes: [0, 1], binds }),
  );
  if (stdout.trim() !== '') {
    throw fail('MSP_MACHINE_BROKEN', {
      name: input.name,
      problem: `dpkg finds packages that are not installed well: ${stdout.trim().slice(0, 500)}`,
    });
  }
}
