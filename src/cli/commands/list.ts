import type { MachineSummary } from '../../app-types.ts';
import { formatByteSize } from '../../model/byte-size.ts';
import { relativeTime } from '../../model/relative-time.ts';
import { MachinespawnError } from '../../errors/machinespawn-error.ts';
import { defineCommand } from '../command.ts';
import { matchesAny } from '../name-pattern.ts';
import { shellWords } from '../../model/shell-words.ts';
import { countOf, listOptions, printList } from '../table.ts';

export const list = defineCommand({
  name: 'list',
  aliases: ['ls', 'list-images'],
  summary: 'List machines',
  group: 'Manage',
  needsRoot: 'never',
  positionals: [{ name: 'pattern', summary: 'Only names like this, such as "web-*"', optional: true, variadic: true }],
  options: { ...listOptions, size: { type: 'boolean', summary: 'Measure each machine, which takes a while' } },
  examples: [
    ['machinespawn list', 'all machines'],
    ['machinespawn list --json', 'for a program'],
    ['machinespawn list -q "web-*"', 'only names'],
  ],

  async run({ positionals, options, globals, app, terminal, typed }) {
    const machines = await app.listMachines({ size: options.size }).catch((error: unknown) => {
      throw withRootHint(error, typed);
    });
    const rows = machines.filter(({ name }) => matchesAny(name, positionals.pattern));
    const now = terminal.nowMs();
    printList<MachineSummary>(terminal, { ...options, quiet: globals.quiet }, rows, {
      name: ({ name }) => name,
      legend: (count) => countOf(count, 'machine'),
      columns: [
        { title: 'NAME', cell: ({ name }) => name },
        { title: 'STATE', cell: ({ state }) => state },
        { title: 'OS', cell: ({ os }) => os?.prettyName ?? '-' },
        { title: 'ARCH', cell: ({ arch }) => arch ?? '-' },
        { title: 'TYPE', cell: ({ type }) => type },
        { title: 'SIZE', right: true, cell: ({ sizeBytes }) => (sizeBytes === null ? '-' : formatByteSize(sizeBytes)) },
        {
          title: 'CREATED',
          cell: ({ createdAt }) => (createdAt === null ? '-' : relativeTime(Date.parse(createdAt), now)),
        },
        { title: 'ADDRESSES', wide: true, cell: ({ addresses }) => addresses.join(' ') || '-' },
        { title: 'ENABLED', wide: true, cell: ({ enabled }) => (enabled ? 'yes' : 'no') },
        { title: 'RO', wide: true, cell: ({ readOnly }) => (readOnly ? 'yes' : 'no') },
        {
          title: 'ORIGIN',
          wide: true,
          cell: ({ origin }) => [origin?.kind, origin?.image].filter((part) => part).join(' ') || '-',
        },
        { title: 'VERIFIED', wide: true, cell: ({ origin }) => origin?.verification ?? '-' },
        { title: 'PATH', wide: true, cell: ({ path }) => path },
      ],
    });
    return 0;
  },
});

/** The directory of machines is closed to everybody but root. */
function withRootHint(error: unknown, typed: readonly string[]): unknown {
  if (!MachinespawnError.is(error) || error.code !== 'MSP_FILE_UNREADABLE') return error;
  return new MachinespawnError({ ...error.toJSON(), hint: `sudo machinespawn ${shellWords(typed)}` }, error);
}
