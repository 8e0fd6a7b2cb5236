import type { MachineSummary } from '../../app-types.ts';
import { fail } from '../../errors/machinespawn-error.ts';
import { formatByteSize } from '../../model/byte-size.ts';
import { parseMachineName } from '../../model/machine-name.ts';
import { nearest } from '../../model/nearest.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { becomeRoot, execute } from '../execute.ts';
import { isPattern, matchesAny } from '../name-pattern.ts';

export const remove = defineCommand({
  name: 'remove',
  aliases: ['rm'],
  summary: 'Remove machines',
  group: 'Manage',
  needsRoot: 'always',
  positionals: [{ name: 'name', summary: 'Machines, or patterns such as "test-*"', variadic: true }],
  options: {
    force: { type: 'boolean', short: 'f', summary: 'Stop a machine that is running' },
    keepSettings: { type: 'boolean', summary: 'Leave its settings file' },
    json: { type: 'boolean', summary: 'Print what was removed as JSON' },
  },
  examples: [
    ['machinespawn remove bread', 'asks first, where there is a terminal'],
    ['machinespawn remove -y "test-*"', 'all that fit'],
  ],

  async run(invocation) {
    const { positionals, options, globals, app, terminal } = invocation;
    const typed = positionals.name;
    for (const name of typed) if (!isPattern(name)) parseMachineName(name);
    if (!globals.dryRun) await becomeRoot(invocation);
    const machines = await app.listMachines({ size: false });
    const chosen = choose(typed, machines);
    const names = chosen.map(({ name }) => name);
    const request = {
      pipeline: 'remove',
      inputs: { names, force: options.force, keepSettings: options.keepSettings },
      ephemeral: true,
    };
    const single = chosen.length === 1 && !typed.some(isPattern);
    return execute(invocation, request, {
      root: true,
      silent: true,
      json: options.json,
      // --force says yes for what runs; the rest still asks where there is a terminal.
      confirm: () =>
        confirm(
          {
            text: questionFor(chosen, options.keepSettings),
            action: `removing ${names.join(', ')}`,
            unattended: single || options.force ? 'do' : 'demand',
          },
          globals,
          terminal,
        ),
      finish: ({ outputs }) => {
        const removed = Array.isArray(outputs['removed']) ? outputs['removed'] : names;
        if (!options.json) terminal.say(`Removed ${removed.join(', ')}.`);
        return 0;
      },
    });
  },
});

function choose(typed: readonly string[], machines: readonly MachineSummary[]): readonly MachineSummary[] {
  const chosen = new Map<string, MachineSummary>();
  for (const text of typed) {
    const found = machines.filter(({ name }) => (isPattern(text) ? matchesAny(name, [text]) : name === text));
    if (found.length === 0) {
      throw fail('MSP_MACHINE_NOT_FOUND', {
        name: text,
        nearest: nearest(
          text,
          machines.map(({ name }) => name),
        ),
      });
    }
    for (const machine of found) chosen.set(machine.name, machine);
  }
  return [...chosen.values()];
}

function questionFor(chosen: readonly MachineSummary[], keepSettings: boolean): string {
  const [only] = chosen;
  if (chosen.length !== 1 || only === undefined)
    return `Remove ${chosen.length} machines (${chosen.map(({ name }) => name).join(', ')})?`;
  const facts = [only.sizeBytes === null ? null : formatByteSize(only.sizeBytes), only.os?.prettyName ?? null].filter(
    (part) => part !== null,
  );
  const what = `${only.name}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
  return only.settingsFile === null || keepSettings ? `Remove ${what}?` : `Remove ${what} and its settings file?`;
}
