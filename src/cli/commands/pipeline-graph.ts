import { defineCommand } from '../command.ts';
import { pipelineName } from '../pipeline-request.ts';

const formats = ['mermaid', 'dot', 'text', 'json'] as const;

export const pipelineGraph = defineCommand({
  name: 'pipeline graph',
  summary: 'Draw a pipeline',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [{ name: 'pipeline', summary: 'A file, or the name of a built-in pipeline' }],
  options: {
    format: { type: 'string', valueName: 'FORM', choices: formats, summary: 'Form of the drawing; text otherwise' },
    run: { type: 'string', valueName: 'RUN', summary: 'Show states and times of this run' },
  },
  examples: [
    ['machinespawn pipeline graph bootstrap', 'on the terminal'],
    ['machinespawn pipeline graph bootstrap --format dot', 'for graphviz'],
  ],

  async run({ positionals, options, globals, app, terminal }) {
    const format = formats.find((known) => known === options.format) ?? 'text';
    const drawing = await app.graphPipeline(
      pipelineName(positionals.pipeline, globals.cwd),
      format,
      options.run ?? null,
    );
    terminal.out(drawing.replace(/\n$/u, ''));
    return 0;
  },
});
