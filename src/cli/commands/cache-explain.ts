import type { App, PlannedStepReport, RunRequest } from '../../app-types.ts';
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import { nearest } from '../../model/nearest.ts';
import { defineCommand } from '../command.ts';
import { inputOption, parseInputs, pipelineName } from '../pipeline-request.ts';
import { tableLines } from '../table.ts';

export const cacheExplain = defineCommand({
  name: 'cache explain',
  summary: 'Say why a stored result would be reused, or not',
  group: 'Manage',
  needsRoot: 'never',
  positionals: [{ name: 'what', summary: 'An image, a pipeline, or a run' }],
  options: {
    ...inputOption,
    step: { type: 'string', short: 's', valueName: 'STEP', summary: 'Only this step' },
    json: { type: 'boolean', summary: 'Print it as JSON' },
  },
  examples: [
    ['machinespawn cache explain debian-12/arm64', 'a machine of this image'],
    ['machinespawn cache explain @last', 'the last run, if it were run now'],
    ['machinespawn cache explain bootstrap -i image=debian-12 -i name=bread -s first-stage', 'one step'],
  ],

  async run({ positionals, options, globals, app, terminal }) {
    const request = await requestFor(positionals.what, parseInputs(options.input), app, globals.cwd);
    const plan = await app.explain(request, options.step ?? null);
    const steps = plan.steps.filter(({ id }) => options.step === undefined || id === options.step);
    if (steps.length === 0 && options.step !== undefined) {
      const near = nearest(
        options.step,
        plan.steps.map(({ id }) => id),
      );
      throw fail('MSP_USAGE', {
        problem: `pipeline ${plan.pipeline} has no step '${options.step}'`,
        ...(near === null ? {} : { hint: `did you mean '${near}'?` }),
      });
    }
    if (options.json) terminal.out(JSON.stringify({ ...plan, steps }, null, 2));
    else for (const line of tableLines(columns, steps, true)) terminal.out(line);
    return 0;
  },
});

const columns = [
  { title: 'STEP', cell: ({ id }: PlannedStepReport) => id },
  { title: 'CACHE', cell: ({ cache }: PlannedStepReport) => cache },
  { title: 'WHY', cell: ({ why }: PlannedStepReport) => (why === '' ? '-' : why) },
];

async function requestFor(
  what: string,
  inputs: Readonly<Record<string, string>>,
  app: App,
  cwd: string,
): Promise<RunRequest> {
  // "debian/12" is an image although it holds a slash.
  const isFile = /\.ya?ml$/u.test(what) || /^\.{0,2}\//u.test(what);
  if (isFile || (await app.listPipelines()).some(({ name }) => name === what))
    return { pipeline: pipelineName(what, cwd), inputs };
  if (what.startsWith('@') || /^\d{8}-\d{6}-/u.test(what)) return requestOfRun(await app.showRun(what), inputs);
  const { parseImageSpec } = await import('../../model/image-spec.ts');
  try {
    const spec = parseImageSpec(what);
    const arch = spec.arch === null ? {} : { arch: spec.arch };
    // The name decides nothing that is cached.
    return { pipeline: 'bootstrap', inputs: { image: spec.image, name: 'machine', ...arch, ...inputs } };
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code !== 'MSP_IMAGE_UNKNOWN') throw error;
    return requestOfRun(
      await app.showRun(what).catch((missing: unknown) => Promise.reject(isNoRun(missing) ? error : missing)),
      inputs,
    );
  }
}

function requestOfRun(
  run: { readonly source: string; readonly inputs: Readonly<Record<string, unknown>> },
  inputs: Readonly<Record<string, string>>,
): RunRequest {
  return { pipeline: run.source, inputs: { ...run.inputs, ...inputs } };
}

function isNoRun(error: unknown): boolean {
  return MachinespawnError.is(error) && error.code === 'MSP_RUN_NOT_FOUND';
}
