import { defineCommand } from '../command.ts';
import { execute } from '../execute.ts';
import { inputOption, parseInputs, pipelineName } from '../pipeline-request.ts';
import { outputLines, readyLines } from '../report/final-words.ts';

export const pipelineRun = defineCommand({
  name: 'pipeline run',
  summary: 'Run a pipeline',
  group: 'Pipelines',
  needsRoot: 'steps',
  positionals: [{ name: 'pipeline', summary: 'A file, or the name of a built-in pipeline' }],
  options: {
    ...inputOption,
    fresh: { type: 'boolean', summary: 'Start over instead of going on with an interrupted run' },
    noCache: { type: 'boolean', summary: 'Use no result of earlier runs' },
    refresh: { type: 'list', valueName: 'STEP', summary: 'Do these steps again' },
    keepFailed: { type: 'boolean', summary: 'Keep the tree of a step that fails' },
    debugShell: { type: 'boolean', summary: 'Open a shell in the tree of a step that fails' },
    json: { type: 'boolean', summary: 'Print the outcome as JSON' },
  },
  examples: [
    ['machinespawn pipeline run ./live.yaml -i suite=trixie', 'a file'],
    ['machinespawn pipeline run bootstrap -i image=debian-12 -i name=bread', 'a built-in one'],
  ],

  async run(invocation) {
    const { positionals, options, globals, app, terminal } = invocation;
    const pipeline = pipelineName(positionals.pipeline, globals.cwd);
    const inputs = parseInputs(options.input);
    const { summary } = await app.showPipeline(pipeline);
    const request = {
      pipeline,
      inputs,
      fresh: options.fresh,
      noCache: options.noCache,
      ...(options.refresh.length === 0 ? {} : { refresh: options.refresh }),
      keepFailed: options.keepFailed,
      debugShell: options.debugShell,
    };
    return execute(invocation, request, {
      root: summary.needsRoot,
      json: options.json,
      debugShell: options.debugShell,
      finish: async (outcome, durationMs) => {
        const { imageTitle } = await import('../image-title.ts');
        if (pipeline === 'bootstrap')
          for (const line of readyLines(outcome, durationMs, imageTitle)) terminal.say(line);
        else if (!options.json) for (const line of outputLines(outcome.outputs, durationMs)) terminal.say(line);
        return 0;
      },
    });
  },
});
