/** Lists the machines of this host. */
import { z } from 'zod';
import type { MachineEntry } from '../host/services.ts';
import { defineStep, type Context } from './define-step.ts';
import { readArch, readMachineId, readOsRelease } from './lib/inspect-machine.ts';
import { treeSize } from './lib/tree-size.ts';

const machine = z.strictObject({
  name: z.string(),
  state: z.enum(['stopped', 'running', 'broken']),
  type: z.enum(['directory', 'subvolume', 'raw']),
  os: z
    .strictObject({
      id: z.string(),
      versionId: z.string().nullable(),
      codename: z.string().nullable(),
      prettyName: z.string(),
    })
    .nullable(),
  arch: z.string().nullable(),
  enabled: z.boolean(),
  path: z.string(),
  sizeBytes: z.number().nullable(),
  createdAt: z.string().nullable(),
  machineId: z.string().nullable(),
  settingsFile: z.string().nullable(),
  origin: z
    .strictObject({
      kind: z.string(),
      image: z.string().nullable(),
      runId: z.string().nullable(),
      verification: z.string().nullable(),
    })
    .nullable(),
});
type Machine = z.output<typeof machine>;

const input = z.strictObject({ size: z.boolean().default(false).describe('Measure the space that each takes') });
type Input = z.output<typeof input>;

export const listMachines = defineStep({
  id: 'list-machines',
  summary: 'List the machines of this host',
  version: 1,
  input,
  output: z.strictObject({ machines: z.array(machine).describe('Sorted by name') }),
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  describe: ({ machines }) => `${machines.length} machine${machines.length === 1 ? '' : 's'}`,

  async run(context) {
    const machines: Machine[] = [];
    for (const entry of await context.services.machines.list()) machines.push(await describeMachine(context, entry));
    return { machines };
  },
});

async function describeMachine(context: Context<Input>, { name, path, type, holder }: MachineEntry): Promise<Machine> {
  const { services, input } = context;
  const record = await services.machines.readRecord(name);
  const text = (field: string): string | null => (typeof record?.[field] === 'string' ? record[field] : null);
  // A disk image cannot be looked into without mounting it.
  const root = type === 'raw' ? null : services.root(path);
  const os = root === null ? null : await readOsRelease(root);
  const settingsFile = `/etc/systemd/nspawn/${name}.nspawn`;
  const has = async (file: string): Promise<boolean> => (await services.files.info(file)) !== null;
  return {
    name,
    state: holder !== null ? 'running' : root !== null && os === null ? 'broken' : 'stopped',
    type,
    os,
    arch: root === null ? text('arch') : ((await readArch(root)) ?? text('arch')),
    enabled: await has(`/etc/systemd/system/machines.target.wants/systemd-nspawn@${name}.service`),
    path,
    sizeBytes: input.size
      ? await treeSize(context, path)
      : typeof record?.['sizeBytes'] === 'number'
        ? record['sizeBytes']
        : null,
    createdAt: text('createdAt'),
    machineId: root === null ? null : await readMachineId(root),
    settingsFile: (await has(settingsFile)) ? settingsFile : null,
    origin:
      record === null
        ? null
        : {
            kind: text('kind') ?? 'unknown',
            image: text('image'),
            runId: text('runId'),
            verification: text('verification'),
          },
  };
}
