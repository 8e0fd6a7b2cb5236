import type { PluginSummary } from '../../app-plugin-types.ts';
import { defineCommand } from '../command.ts';
import { listOptions, printList } from '../table.ts';

export const pluginsLs = defineCommand({
  name: 'plugins ls',
  summary: 'List plugins, the built-in ones and those of this project',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [],
  options: listOptions,
  examples: [
    ['machinespawn plugins ls', 'built-in ones, and those that ./pipelines names'],
    ['machinespawn plugins ls --plugin ./paint.ts', 'with another one'],
  ],

  async run({ options, globals, app, terminal }) {
    printList<PluginSummary>(terminal, { ...options, quiet: globals.quiet }, await app.plugins(), {
      name: ({ name }) => name,
      legend: () => null,
      columns: [
        { title: 'PLUGIN', cell: ({ name }) => name },
        { title: 'VERSION', cell: ({ version }) => version ?? '-' },
        { title: 'STEPS', cell: ({ steps }) => steps.map(({ id }) => id).join(' ') || '-' },
        { title: 'TRUSTED', cell: ({ trusted }) => (trusted ? 'yes' : 'no') },
        { title: 'FROM', cell: ({ file }) => file ?? 'built in' },
      ],
    });
    return 0;
  },
});
