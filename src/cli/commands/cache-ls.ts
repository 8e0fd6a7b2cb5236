import type { CacheEntry } from '../../app-types.ts';
import { formatByteSize } from '../../model/byte-size.ts';
import { relativeTime } from '../../model/relative-time.ts';
import { defineCommand } from '../command.ts';
import { listOptions, printList } from '../table.ts';

export const cacheLs = defineCommand({
  name: 'cache ls',
  summary: 'List what is cached',
  group: 'Manage',
  needsRoot: 'never',
  positionals: [],
  options: {
    ...listOptions,
    kind: {
      type: 'string',
      valueName: 'KIND',
      choices: ['snapshot', 'result', 'artifact', 'package', 'unpacked', 'download', 'run'],
      summary: 'Only these',
    },
  },
  examples: [
    ['machinespawn cache ls', 'everything'],
    ['machinespawn cache ls --kind snapshot', 'only trees'],
  ],

  async run({ options, globals, app, terminal }) {
    const entries = (await app.cacheEntries()).filter(
      ({ kind }) => options.kind === undefined || kind === options.kind,
    );
    const now = terminal.nowMs();
    const total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    printList<CacheEntry>(terminal, { ...options, quiet: globals.quiet }, entries, {
      name: ({ id }) => id,
      legend: (count) =>
        count === 0
          ? 'The cache is empty.'
          : `${count} ${count === 1 ? 'entry' : 'entries'}, ${formatByteSize(total)}.`,
      columns: [
        { title: 'KIND', cell: ({ kind }) => kind },
        { title: 'ID', cell: ({ id }) => (id.length > 24 ? id.slice(0, 12) : id) },
        { title: 'SIZE', right: true, cell: ({ sizeBytes }) => formatByteSize(sizeBytes) },
        {
          title: 'CREATED',
          cell: ({ createdAt }) => (createdAt === null ? '-' : relativeTime(Date.parse(createdAt), now)),
        },
        { title: 'IN USE', cell: ({ inUse }) => (inUse ? 'yes' : 'no') },
        { title: 'WHAT', cell: ({ text }) => text },
        { title: 'PATH', wide: true, cell: ({ path }) => path },
      ],
    });
    return 0;
  },
});
