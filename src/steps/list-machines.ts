/** Lists the machines of this host. */
import { z } from 'zod';
import { defineStep } from './define-step.ts';
import { machineRow } from './lib/machine-row.ts';
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
  readOnly: z.boolean(),
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

const input = z.strictObject({ size: z.boolean().default(false).describe('Measure the space that each takes') });

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
    const { services, input: asked } = context;
    const sources = {
      readRecord: async (name: string) => await services.machines.readRecord(name),
      root: (path: string) => services.root(path),
      look: async (path: string) => {
        const info = await services.files.info(path);
        return info === null ? null : { bornMs: null };
      },
      sizeOf: asked.size ? async (path: string) => await treeSize(context, path) : null,
    };
    const rows = [];
    for (const entry of await services.machines.list()) rows.push(await machineRow(sources, entry));
    return { machines: rows };
  },
});
