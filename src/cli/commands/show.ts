import type { MachineSummary } from '../../app-types.ts';
import { fail } from '../../errors/machinespawn-error.ts';
import { formatByteSize } from '../../model/byte-size.ts';
import { parseMachineName } from '../../model/machine-name.ts';
import { nearest } from '../../model/nearest.ts';
import { defineCommand } from '../command.ts';

export const show = defineCommand({
  name: 'show',
  summary: 'Show one machine',
  group: 'Manage',
  needsRoot: 'never',
  positionals: [{ name: 'name', summary: 'Name of the machine' }],
  options: { json: { type: 'boolean', summary: 'Print it as JSON' } },
  examples: [['machinespawn show bread', 'what it is, where it came from and how that was verified']],

  async run({ positionals, options, app, terminal }) {
    const name = parseMachineName(positionals.name);
    const machines = await app.listMachines({ size: false });
    const machine = machines.find((one) => one.name === name);
    if (machine === undefined)
      throw fail('MSP_MACHINE_NOT_FOUND', {
        name,
        nearest: nearest(
          name,
          machines.map((one) => one.name),
        ),
      });
    if (options.json) terminal.out(JSON.stringify(machine, null, 2));
    else for (const line of page(machine)) terminal.out(line);
    return 0;
  },
});

function page(machine: MachineSummary): readonly string[] {
  const { origin, os, sizeBytes } = machine;
  const rows: readonly (readonly [string, string | null | undefined])[] = [
    ['Name', machine.name],
    ['State', machine.state],
    ['System', os?.prettyName],
    ['Architecture', machine.arch],
    ['Type', `${machine.type}${machine.readOnly ? ', read-only' : ''}`],
    ['Path', machine.path],
    ['Size', sizeBytes === null ? null : formatByteSize(sizeBytes)],
    ['Created', machine.createdAt],
    ['Machine ID', machine.machineId],
    ['Made by', origin?.kind],
    ['From', origin?.image],
    ['Verified', origin?.verification],
    ['Run', origin?.runId],
  ];
  const known = rows.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return known.map(([title, value]) => `${title.padStart(12)}: ${value ?? ''}`);
}
