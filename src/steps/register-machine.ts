/** Publishes the machine by one rename: it is there whole, or not at all. */
import { basename } from 'node:path';
import { z } from 'zod';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { archSchema, machineNameSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { readMachineId } from './lib/inspect-machine.ts';
import { asidePath } from './lib/staging.ts';

const input = z.strictObject({
  staging: z.string().describe('Directory in which the machine was prepared, or file of a disk image'),
  type: z.enum(['directory', 'raw']).default('directory').describe('Is it a tree or a disk image?'),
  kind: z.string().default('bootstrap').describe('How it was made, such as bootstrap or pull-tar'),
  name: machineNameSchema,
  replace: z.boolean().default(false).describe('May a machine of this name be replaced?'),
  image: z.string().describe('What it was built from, such as debian-12'),
  arch: archSchema.nullable().describe('Debian architecture of the machine; null for one that nobody knows'),
  machineId: z.string().nullable().describe('Its machine-id, by which it is known again; null when it keeps its own'),
  verification: z.string().describe('How its archive was verified'),
  sizeBytes: z.number().describe('Space that it takes'),
  sha256: z.string().nullable().default(null).describe('Digest of the file that it came from'),
  readOnly: z.boolean().default(false).describe('Shall nothing that is run in it change it?'),
});
type Input = z.output<typeof input>;

export const registerMachine = defineStep({
  id: 'register-machine',
  summary: 'Publish the machine under its name',
  version: 2,
  input,
  output: z.strictObject({
    path: z.string().describe('Where the machine is'),
    name: z.string().describe('Its name'),
  }),
  reuse: 'run',
  needs: { root: true, tools: ['sync'] },
  claims: ({ name }) => [`machine-${name}`],
  check: async ({ input, services }) => (await services.machines.find(input.name)) !== null,
  describe: ({ path }) => path,

  async run(context) {
    const { services, input, key } = context;
    const { machines, files } = services;
    const path = `${machines.directory}/${input.name}${input.type === 'raw' ? '.raw' : ''}`;
    await services.lock(`machine-${input.name}`);
    const done = { path, name: input.name };
    if (await isPublished(context, path)) {
      if (input.readOnly) await makeReadOnly(context);
      await removeReplaced(context);
      return done;
    }
    if ((await files.info(input.staging)) === null) {
      throw fail('MSP_MACHINE_BROKEN', { name: input.name, problem: 'the directory in which it was prepared is gone' });
    }
    const taken = await machines.find(input.name);
    if (taken !== null) {
      if (!input.replace) throw fail('MSP_MACHINE_EXISTS', { name: input.name, path: taken.path });
      if (taken.holder !== null) throw fail('MSP_MACHINE_RUNNING', { name: input.name, holder: taken.holder });
    }
    // After a power cut, too, what has the name is whole.
    await services.exec({ file: 'sync', args: ['-f', input.staging], sandbox: false });
    if (taken !== null) await files.publish(taken.path, asidePath(machines.directory, basename(taken.path), key));
    // Before the rename: cut off between the two, the next attempt must know its own machine again.
    await machines.writeRecord(input.name, recordOf(context));
    await publish(context, path);
    if (input.readOnly) await makeReadOnly(context);
    await removeReplaced(context);
    return done;
  },
});

async function isPublished({ services, input, runId }: Context<Input>, path: string): Promise<boolean> {
  if ((await services.files.info(input.staging)) !== null) return false;
  const record = await services.machines.readRecord(input.name);
  if (record?.['staging'] !== input.staging || record['runId'] !== runId) return false;
  // The staging name is random, and nobody else publishes from it.
  if (input.machineId === null) return (await services.files.info(path)) !== null;
  return (await readMachineId(services.root(path))) === input.machineId;
}

async function publish({ services, input }: Context<Input>, path: string): Promise<void> {
  try {
    await services.files.publish(input.staging, path);
  } catch (error) {
    // Somebody was faster.
    if (
      !MachinespawnError.is(error) ||
      error.code !== 'MSP_FILE_UNWRITABLE' ||
      (await services.files.info(path)) === null
    )
      throw error;
    await services.machines.removeRecord(input.name);
    throw fail('MSP_MACHINE_EXISTS', { name: input.name, path }, error);
  }
}

/** As `machinectl read-only` does it, so that systemd-nspawn sees it when systemd boots the machine; its record is for us. */
async function makeReadOnly({ services, input, log }: Context<Input>): Promise<void> {
  const { machines } = services;
  const machine = await machines.find(input.name);
  if (machine === null || machine.readOnly) return;
  const [file, ...args] = {
    raw: ['chmod', 'a-w'] as const,
    subvolume: ['btrfs', 'property', 'set', '-t', 'subvol'] as const,
    directory: ['chattr', '-f', '+i'] as const,
  }[machine.type];
  const value = machine.type === 'subvolume' ? ['ro', 'true'] : [];
  await services.exec({ file, args: [...args, machine.path, ...value], sandbox: false, okCodes: [0, 1] });
  if ((await machines.find(input.name))?.readOnly === true) return;
  log.warn(`${input.name} is read-only for 'machinespawn run' alone: its file system does not keep that`);
}

/** The machine that had the name before, of this attempt or of one that was cut off. */
async function removeReplaced({ services, input, key }: Context<Input>): Promise<void> {
  if (!input.replace) return;
  for (const fileName of [input.name, `${input.name}.raw`]) {
    const aside = asidePath(services.machines.directory, fileName, key);
    if ((await services.files.info(aside)) !== null) await services.files.remove(aside);
  }
}

function recordOf({ services, input, runId }: Context<Input>): Readonly<Record<string, unknown>> {
  return {
    format: 1,
    kind: input.kind,
    image: input.image,
    arch: input.arch,
    runId,
    verification: input.verification,
    createdAt: new Date(services.facts.nowMs()).toISOString(),
    sizeBytes: input.sizeBytes,
    machineId: input.machineId,
    sha256: input.sha256,
    readOnly: input.readOnly,
    staging: input.staging,
    /** What belongs to it outside of its tree. */
    files: [],
  };
}
