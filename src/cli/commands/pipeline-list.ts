import type { PipelineSummary } from '../../app-types.ts';
import { defineCommand } from '../command.ts';
import { listOptions, printList } from '../table.ts';

export const pipelineList = defineCommand({
  name: 'pipeline list',
  summary: 'List pipelines',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [],
  options: listOptions,
  examples: [['machinespawn pipeline list', 'those that can be named']],

  async run({ options, globals, app, terminal }) {
    printList<PipelineSummary>(terminal, { ...options, quiet: globals.quiet }, await app.listPipelines(), {
      name: ({ name }) => name,
      legend: () => null,
      columns: [
        { title: 'NAME', cell: ({ name }) => name },
        { title: 'ORIGIN', cell: ({ origin }) => origin },
        { title: 'STEPS', right: true, cell: ({ steps }) => String(steps) },
        { title: 'ROOT', cell: ({ needsRoot }) => (needsRoot ? 'yes' : 'no') },
        { title: 'TITLE', cell: ({ title }) => title },
        { title: 'FILE', wide: true, cell: ({ file }) => file },
      ],
    });
    return 0;
  },
});
