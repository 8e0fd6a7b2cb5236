/** Finds out within a second, before anything is downloaded, whether this host can build the machine. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { chooseArch } from '../model/image-spec.ts';
import { tableDate } from '../model/release-table.ts';
import { releaseOf } from '../model/releases.ts';
import { archSchema, imageSpecSchema, machineNameSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { reserveName } from './lib/reserve-name.ts';

const MiB = 1024 * 1024;
/** Two trees, package lists and packages of a default installation. */
const cacheBytes = 768 * MiB;
const machineBytes = 512 * MiB;

const tools: Readonly<Record<string, string>> = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
  gpgv: 'gpgv',
  wget: 'wget',
  dpkg: 'dpkg',
  // The store's digest of a tree covers extended attributes; a minimal Debian cannot list them.
  getfattr: 'attr',
};

const input = z.strictObject({
  image: imageSpecSchema.describe('Image to build, such as debian-12'),
  arch: z
    .union([archSchema, z.literal('')])
    .default('')
    .describe("Debian architecture of the machine; '' for the image's or the host's"),
  name: z
    .union([z.literal(''), machineNameSchema])
    .default('')
    .describe("Name of the new machine; '' where none is made"),
  replace: z.boolean().default(false).describe('May a machine of this name be replaced?'),
});
type Input = z.output<typeof input>;

export const checkHost = defineStep({
  id: 'check-host',
  summary: 'Check that this host can build the machine',
  version: 1,
  input,
  output: z.strictObject({
    hostArch: archSchema.describe("The host's architecture"),
    arch: archSchema.describe("The machine's architecture"),
    emulated: z.boolean().describe("Do the machine's programs need an emulator?"),
    debootstrap: z.string().describe('Version of debootstrap'),
    systemd: z.string().describe('Version of systemd-nspawn'),
    freeBytes: z.number().describe('Free space where machines are'),
  }),
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  needs: { root: true, tools: Object.keys(tools) },
  describe: ({ debootstrap, systemd, freeBytes, emulated, arch }) => {
    const free =
      freeBytes >= 1024 * MiB ? `${Math.floor(freeBytes / MiB / 1024)} GiB` : `${Math.floor(freeBytes / MiB)} MiB`;
    return `systemd ${systemd}, debootstrap ${debootstrap.split('+')[0]}, ${free} free${emulated ? `, ${arch} by qemu` : ''}`;
  },

  async run(context) {
    const { services, input } = context;
    if (services.facts.uid !== 0) {
      throw fail('MSP_ROOT_NEEDED', { command: `sudo machinespawn ${`${input.image.image} ${input.name}`.trim()}` });
    }
    const arch = chooseArch(input.image, input.arch === '' ? null : input.arch, services.facts.arch);
    await checkTools(context);
    const { runs, problem } = await services.facts.canRun(arch);
    if (runs === 'no') throw fail('MSP_BINFMT_MISSING', { arch, problem: problem ?? 'its programs do not start' });
    checkClock(context);
    await checkName(context);
    const [freeBytes, debootstrap, systemd] = await Promise.all([
      checkSpace(context),
      versionOf(context, 'debootstrap'),
      versionOf(context, 'systemd-nspawn'),
    ]);
    return { hostArch: services.facts.arch, arch, emulated: runs === 'qemu', debootstrap, systemd, freeBytes };
  },
});

async function checkTools({ services }: Context<Input>): Promise<void> {
  for (const [tool, debianPackage] of Object.entries(tools)) {
    if ((await services.facts.findProgram(tool)) === null) throw fail('MSP_TOOL_MISSING', { tool, debianPackage });
  }
}

async function checkName({ services, input, runId }: Context<Input>): Promise<void> {
  if (input.name === '') return;
  await reserveName(services, input.name);
  const taken = await services.machines.find(input.name);
  if (taken === null) return;
  // Cut off between publishing and its record in the journal: the machine is this run's own.
  if ((await services.machines.readRecord(input.name))?.['runId'] === runId) return;
  if (!input.replace) throw fail('MSP_MACHINE_EXISTS', { name: input.name, path: taken.path });
  if (taken.holder !== null) throw fail('MSP_MACHINE_RUNNING', { name: input.name, holder: taken.holder });
}

async function checkSpace({ services }: Context<Input>): Promise<number> {
  const places = [
    { path: services.directories.cache, neededBytes: cacheBytes },
    { path: services.machines.directory, neededBytes: machineBytes },
  ];
  let freeBytes = 0;
  for (const { path, neededBytes } of places) {
    freeBytes = await services.files.freeBytes(path);
    if (freeBytes < neededBytes) throw fail('MSP_SPACE_LOW', { path, freeBytes, neededBytes });
  }
  return freeBytes;
}

/**
 * Signatures and dates mean nothing to a host that lives before the release it is to build. One that is still to come may be
 * built before its day, but not before this program knew of it.
 */
function checkClock({ services, input }: Context<Input>): void {
  const { released, image } = releaseOf(input.image.codename, input.image.distro);
  const nowMs = services.facts.nowMs();
  if (released === null || nowMs >= Math.min(Date.parse(released), Date.parse(tableDate))) return;
  throw fail('MSP_CLOCK_WRONG', { now: new Date(nowMs).toISOString(), releaseDate: released, suite: image });
}

async function versionOf({ services }: Context<Input>, tool: string): Promise<string> {
  const { stdout } = await services.exec({ file: tool, args: ['--version'], reads: true, sandbox: false });
  return /\b(\d[\w.+~-]*)/u.exec(stdout)?.[1] ?? 'unknown';
}
