import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail } from '../../errors/machinespawn-error.ts';
import { parseDuration } from '../../model/duration.ts';
import { defineCommand } from '../command.ts';
import { execute } from '../execute.ts';
import { inputOption, partOptions, pipelineName, readRequest } from '../pipeline-request.ts';
import { outputLines, readyLines } from '../report/final-words.ts';

export const pipelineRun = defineCommand({
  name: 'pipeline run',
  summary: 'Run a pipeline',
  group: 'Pipelines',
  needsRoot: 'steps',
  positionals: [{ name: 'pipeline', summary: 'A file, or the name of a built-in pipeline' }],
  options: {
    ...inputOption,
    ...partOptions,
    from: { type: 'list', valueName: 'STEP', summary: 'Do these steps and what depends on them again' },
    failFast: { type: 'boolean', summary: 'After a failure, take up nothing more' },
    keepGoing: { type: 'boolean', summary: 'After a failure, go on with what does not depend on it' },
    output: { type: 'string', short: 'o', valueName: 'DIR', summary: 'Put the files that it makes there' },
    fresh: { type: 'boolean', summary: 'Start over instead of going on with an interrupted run' },
    noCache: { type: 'boolean', summary: 'Use no result of earlier runs' },
    refresh: { type: 'list', valueName: 'STEP', summary: 'Do these steps again' },
    keepFailed: { type: 'boolean', summary: 'Keep the tree of a step that fails' },
    debugShell: { type: 'boolean', summary: 'Open a shell in the tree of a step that fails' },
    timeout: { type: 'string', valueName: 'DUR', summary: 'End the run after so long, such as 90s, 10m or 1h30m' },
    report: { type: 'string', valueName: 'FILE', summary: 'Write a report of the run as one HTML page' },
    detach: { type: 'boolean', summary: 'Go on in the background; print the id of the run' },
    json: { type: 'boolean', summary: 'Print the outcome as JSON' },
  },
  examples: [
    ['machinespawn pipeline run ./live.yaml -i suite=trixie', 'a file'],
    ['machinespawn pipeline run ./ci.yaml -m arch=arm64 -o out', 'some combinations of a matrix, and their files'],
    ['machinespawn pipeline run ./ci.yaml --timeout 2h --report ci.html --detach', 'in the background'],
    ['machinespawn pipeline run bootstrap -i image=debian-12 -i name=bread', 'a built-in one'],
  ],

  async run(invocation) {
    const { positionals, options, globals, app, terminal } = invocation;
    const pipeline = pipelineName(positionals.pipeline, globals.cwd);
    if (options.failFast && options.keepGoing)
      throw fail('MSP_USAGE', { problem: '--fail-fast and --keep-going exclude each other' });
    if (options.detach && options.debugShell)
      throw fail('MSP_USAGE', { problem: '--detach leaves the terminal, which --debug-shell needs' });
    const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout);
    const report = options.report === undefined ? undefined : resolve(globals.cwd, options.report);
    if (report !== undefined) await requireDirectoryOf(report);
    const part = await readRequest(app, options);
    const { summary } = await app.showPipeline(pipeline);
    const request = {
      pipeline,
      ...part,
      fresh: options.fresh,
      noCache: options.noCache,
      ...(options.refresh.length === 0 ? {} : { refresh: options.refresh }),
      ...(options.from.length === 0 ? {} : { from: options.from }),
      ...(options.failFast || options.keepGoing ? { keepGoing: options.keepGoing } : {}),
      ...(options.output === undefined ? {} : { output: resolve(globals.cwd, options.output) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      keepFailed: options.keepFailed,
      debugShell: options.debugShell,
    };
    // Root does not look into the directory of a user: it is told the file.
    const argv = invocation.argv.map((word) =>
      summary.origin === 'user' && word === positionals.pipeline ? summary.file : word,
    );
    return execute({ ...invocation, argv }, request, {
      root: summary.needsRoot,
      json: options.json,
      debugShell: options.debugShell,
      detach: options.detach,
      ...(report === undefined ? {} : { report }),
      finish: async (outcome, durationMs) => {
        const { imageTitle } = await import('../image-title.ts');
        if (pipeline === 'bootstrap')
          for (const line of readyLines(outcome, durationMs, imageTitle)) terminal.say(line);
        else if (!options.json) for (const line of outputLines(outcome, durationMs)) terminal.say(line);
        return 0;
      },
    });
  },
});

/** A report that cannot be written is not found out at the end of a long run. Throws MSP_FILE_UNWRITABLE. */
async function requireDirectoryOf(path: string): Promise<void> {
  const found = await stat(dirname(path)).catch(() => null);
  if (found?.isDirectory() !== true)
    throw fail('MSP_FILE_UNWRITABLE', { path, problem: `there is no directory ${dirname(path)}` });
}
