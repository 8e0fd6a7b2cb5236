/** Gives a tree or a machine away: as one file, or as a directory on this host. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { artifactNameForm } from '../model/artifact.ts';
import { artifactSchema, machineNameSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { packSquashfs } from './lib/pack-squashfs.ts';
import { packTar } from './lib/pack-tar.ts';

const tarEnding = /\.tar(?:\.gz|\.xz|\.zst)?$/u;

const input = z
  .strictObject({
    tree: z.string().default('').describe('The tree to give; or a machine'),
    machine: z
      .union([z.literal(''), machineNameSchema])
      .default('')
      .describe('Name of the machine to give, which must not be running; or a tree'),
    name: z
      .union([z.literal(''), z.string().regex(artifactNameForm, 'not a plain file name')])
      .default('')
      .describe('Name of a file; its ending says what it is: .tar, .tar.gz, .tar.xz, .tar.zst or .squashfs'),
    directory: z
      .string()
      .regex(/^(?:\/.*[^/])?$/u, 'not an absolute path')
      .default('')
      .describe('Directory of this host that is made instead of a file; it must not exist'),
    epoch: z.int().min(0).default(0).describe('SOURCE_DATE_EPOCH: nothing in a file is younger than this, in seconds'),
  })
  .refine(({ tree, machine }) => (tree === '') !== (machine === ''), {
    error: 'give either a tree or a machine',
    path: ['tree'],
  })
  .refine(({ name, directory }) => (name === '') !== (directory === ''), {
    error: 'give either the name of a file or a directory',
    path: ['name'],
  })
  .refine(({ name }) => name === '' || tarEnding.test(name) || name.endsWith('.squashfs'), {
    error: 'the name ends in .tar, .tar.gz, .tar.xz, .tar.zst or .squashfs',
    path: ['name'],
  });
type Input = z.output<typeof input>;

export const exportStep = defineStep({
  id: 'export',
  summary: 'Give a tree or a machine as a file or as a directory',
  version: 1,
  input,
  output: z.strictObject({
    file: artifactSchema.nullable().describe('The file; null where a directory was made'),
    directory: z.string().nullable().describe('The directory; null where a file was made'),
  }),
  // A machine changes without a word, and a directory is somebody else's once it is there.
  reuse: 'run',
  needs: { root: true },
  claims: ({ machine }) => (machine === '' ? [] : [`machine-${machine}`]),
  check: async ({ output, services }) =>
    output.directory === null || (await services.files.info(output.directory))?.type === 'directory',
  describe: ({ file, directory }) => directory ?? `${file?.name}, ${Math.round((file?.sizeBytes ?? 0) / 1048576)} MiB`,

  async run(context) {
    const { input: given } = context;
    const machine = given.machine === '' ? null : await openMachine(context);
    if (given.directory !== '') {
      await makeDirectory(context, machine);
      return { file: null, directory: given.directory };
    }
    const { artifacts, trees } = context.services;
    const from = machine ?? (await trees.view(given.tree)).path;
    const file = await artifacts.create(given.name);
    const { epoch } = given;
    if (tarEnding.test(given.name)) await packTar(context, { directory: from, file, epoch, times: 'latest' });
    else await packSquashfs(context, { directory: from, file, epoch });
    return { file: await artifacts.keep(file), directory: null };
  },
});

/** Gives its path. Until the step ends, nothing of ours changes it. */
async function openMachine({ services, input: { machine: name } }: Context<Input>): Promise<string> {
  await services.lock(`machine-${name}`);
  const machine = await services.machines.find(name);
  if (machine === null) throw fail('MSP_MACHINE_NOT_FOUND', { name });
  if (machine.type === 'raw')
    throw fail('MSP_MACHINE_BROKEN', { name, problem: 'it is a disk image; its file can be copied as it is' });
  if (machine.holder !== null) throw fail('MSP_MACHINE_RUNNING', { name, holder: machine.holder });
  return machine.path;
}

async function makeDirectory(context: Context<Input>, machine: string | null): Promise<void> {
  const { services, input: given, key, runId } = context;
  const { files, trees, directories } = services;
  const to = given.directory;
  const parent = to.slice(0, to.lastIndexOf('/')) || '/';
  const word = key.slice(0, 12);
  const staging = `${parent === '/' ? '' : parent}/.#machinespawn-export-${word}`;
  const record = `${directories.state}/exports/${word}`;
  if ((await files.info(to)) !== null) {
    // Cut off between the rename and its place in the journal: it is this run's own.
    if ((await readIfThere(context, record)) === runId && (await files.info(staging)) === null) return;
    throw fail('MSP_FILE_UNWRITABLE', { path: to, problem: 'it exists' });
  }
  await files.makeDirectory(parent);
  await files.remove(staging);
  if (machine === null) await trees.materialize(given.tree, staging);
  else await services.exec({ file: 'cp', args: ['-a', '--reflink=auto', '--one-file-system', '--', machine, staging] });
  await services.exec({ file: 'sync', args: ['-f', staging], sandbox: false });
  await files.makeDirectory(`${directories.state}/exports`);
  await files.writeText(record, runId);
  await files.publish(staging, to);
}

async function readIfThere({ services: { files } }: Context<Input>, path: string): Promise<string | null> {
  return (await files.info(path)) === null ? null : await files.readText(path);
}
