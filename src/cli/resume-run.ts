/** Going on with a run: what `resume`, `runs resume` and `pipeline resume` have in common. */
import { resolve } from 'node:path';
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import type { App, RunSummary } from '../app-types.ts';
import type { Invocation, OptionDeclarations, PositionalDeclaration } from './command.ts';
import { execute, follow, prepare, type Manner } from './execute.ts';
import { inputOption, parseInputs } from './pipeline-request.ts';
import { outputLines, readyLines } from './report/final-words.ts';

export const resumePositionals = [
  { name: 'run', summary: 'Its id, the first or last part of it, @last, @failed, or a machine', optional: true },
] as const satisfies readonly PositionalDeclaration[];

export const resumeOptions = {
  ...inputOption,
  from: { type: 'list', valueName: 'STEP', summary: 'Do these steps and what depends on them again' },
  output: { type: 'string', short: 'o', valueName: 'DIR', summary: 'Put the files that it makes there' },
  keepGoing: { type: 'boolean', summary: 'After a failure, go on with what does not depend on it' },
  keepFailed: { type: 'boolean', summary: 'Keep the tree of a step that fails' },
  debugShell: { type: 'boolean', summary: 'Open a shell in the tree of a step that fails' },
  json: { type: 'boolean', summary: 'Print the outcome as JSON' },
} as const satisfies OptionDeclarations;

type ResumeInvocation = Invocation<typeof resumePositionals, typeof resumeOptions>;

/** Gives the exit code. */
export async function resumeRun(invocation: ResumeInvocation): Promise<number> {
  const { positionals, options, globals, app, terminal } = invocation;
  const id = positionals.run ?? null;
  const manner: Manner = {
    root: await needsRoot(app, id, options.from.length > 0),
    json: options.json,
    debugShell: options.debugShell,
    finish: async (outcome, durationMs) => {
      const { imageTitle } = await import('./image-title.ts');
      const isMachine = typeof outcome.outputs['name'] === 'string';
      const lines = isMachine ? readyLines(outcome, durationMs, imageTitle) : outputLines(outcome, durationMs);
      if (!options.json) for (const line of lines) terminal.say(line);
      return 0;
    },
  };
  if (globals.dryRun) {
    const detail = await app.showRun(id ?? '@last');
    return execute(invocation, { pipeline: detail.source, inputs: detail.inputs, from: options.from }, manner);
  }
  if (manner.root) await app.elevate(invocation.argv);
  const found = await visibleRun(app, id, options.from.length > 0);
  const isNamed = found !== null && (await isBuiltIn(app, found.pipeline));
  // What a file of the user's own needs is checked by its steps: the file may be gone, or be another one by now.
  if (found === null || isNamed) {
    await prepare(invocation, found === null ? null : { pipeline: found.pipeline, inputs: found.inputs }, manner.root);
  } else if (manner.root) await app.isolate(invocation.argv);
  const how = {
    ...(globals.jobs === undefined ? {} : { jobs: globals.jobs }),
    inputs: parseInputs(options.input),
    from: options.from,
    ...(options.output === undefined ? {} : { output: resolve(globals.cwd, options.output) }),
    ...(options.keepGoing ? { keepGoing: true } : {}),
    keepFailed: options.keepFailed,
    debugShell: options.debugShell,
  };
  return follow(invocation, manner, (onEvent) => app.resume(id, how, onEvent));
}

/** A run that this user can see and whose steps need no root goes on without it; all others are root's. */
async function needsRoot(app: App, id: string | null, again: boolean): Promise<boolean> {
  const run = await visibleRun(app, id, again);
  if (run === null) return true;
  const { stepDetails } = await app.showRun(run.id);
  const used = new Set(stepDetails.map(({ uses }) => uses));
  return (await app.stepTypes()).some((type) => used.has(type.id) && type.needsRoot);
}

async function isBuiltIn(app: App, pipeline: string): Promise<boolean> {
  return (await app.listPipelines()).some(({ name, origin }) => name === pipeline && origin === 'builtin');
}

async function visibleRun(app: App, id: string | null, again: boolean): Promise<RunSummary | null> {
  try {
    if (id === null && again) return (await app.listRuns())[0] ?? null;
    if (id === null) return (await app.listRuns()).find(({ resumable }) => resumable) ?? null;
    return await app.showRun(id);
  } catch (error) {
    if (MachinespawnError.is(error) && isHidden(error.code)) return null;
    throw error;
  }
}

/** It is not there for this user; root may see it. */
function isHidden(code: string): boolean {
  return code === 'MSP_RUN_NOT_FOUND' || code === 'MSP_FILE_UNREADABLE';
}
