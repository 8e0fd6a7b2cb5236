import type { App } from '../../app-types.ts';
import { defineCommand } from '../command.ts';
import { pipelineName } from '../pipeline-request.ts';
import { tableLines } from '../table.ts';

export const pipelineShow = defineCommand({
  name: 'pipeline show',
  summary: 'Show inputs and steps of a pipeline, and what they need',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [{ name: 'pipeline', summary: 'A file, or the name of a built-in pipeline' }],
  options: {
    text: { type: 'boolean', summary: 'Print the file itself' },
    json: { type: 'boolean', summary: 'Print it as JSON' },
  },
  examples: [
    ['machinespawn pipeline show bootstrap', 'inputs and steps'],
    ['machinespawn pipeline show bootstrap --text', 'the file, to begin one of your own'],
  ],

  async run({ positionals, options, globals, app, terminal }) {
    const shown = await app.showPipeline(pipelineName(positionals.pipeline, globals.cwd));
    if (options.json) terminal.out(JSON.stringify({ ...shown.summary, stepDetails: shown.steps }, null, 2));
    else if (options.text) terminal.stdout.write(shown.text);
    else for (const line of showLines(shown)) terminal.out(line);
    return 0;
  },
});

function showLines({ summary, steps }: Awaited<ReturnType<App['showPipeline']>>): readonly string[] {
  const inputs = tableLines(
    [
      { title: 'INPUT', cell: ({ name }: (typeof summary.inputs)[number]) => name },
      { title: 'TYPE', cell: ({ type }) => type },
      { title: 'DEFAULT', cell: (input) => (input.required ? '(required)' : JSON.stringify(input.default)) },
      { title: 'MEANING', cell: (input) => input.summary },
    ],
    summary.inputs,
    true,
  );
  const table = tableLines(
    [
      { title: 'STEP', cell: ({ id }: (typeof steps)[number]) => id },
      { title: 'USES', cell: ({ uses }) => uses },
      { title: 'AFTER', cell: ({ needs }) => needs.join(', ') || '-' },
      { title: 'NEEDS', cell: ({ root, tools }) => [...(root ? ['root'] : []), ...tools].join(', ') || '-' },
    ],
    steps,
    true,
  );
  return [
    `${summary.name} - ${summary.title}`,
    summary.file,
    ...(summary.matrixSize === 1 ? [] : [`matrix of ${summary.matrixSize} combinations`]),
    '',
    ...inputs,
    ...(inputs.length === 0 ? [] : ['']),
    ...table,
  ];
}
