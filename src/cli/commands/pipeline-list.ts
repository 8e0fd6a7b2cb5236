import type { PipelineEntry } from '../../app-types.ts';
import { defineCommand } from '../command.ts';
import { listOptions, printList } from '../table.ts';
import { harmless } from '../terminal.ts';

export const pipelineList = defineCommand({
  name: 'pipeline list',
  summary: 'List pipelines',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [],
  options: listOptions,
  examples: [['machinespawn pipeline list', 'those that can be named']],

  async run({ options, globals, app, terminal }) {
    const entries = await app.listPipelines();
    printList<PipelineEntry>(terminal, { ...options, quiet: globals.quiet }, entries, {
      name: ({ name }) => name,
      legend: () => null,
      columns: [
        { title: 'NAME', cell: ({ name }) => name },
        { title: 'ORIGIN', cell: ({ origin }) => origin },
        { title: 'STEPS', right: true, cell: ({ steps }) => String(steps ?? '?') },
        { title: 'ROOT', cell: ({ needsRoot }) => (needsRoot === null ? '?' : needsRoot ? 'yes' : 'no') },
        { title: 'TITLE', cell: ({ title, problem }) => (problem === null ? title : '(cannot be used as it is)') },
        { title: 'FILE', wide: true, cell: ({ file }) => file },
      ],
    });
    const faulty = entries.filter(({ problem }) => problem !== null);
    if (globals.quiet || options.json) return 0;
    for (const { name, problem } of faulty) terminal.say(`${name}: ${harmless(problem?.split('\n')[0] ?? '')}`);
    if (faulty.length > 0) terminal.say('All about it: machinespawn pipeline validate FILE');
    return 0;
  },
});
