/** Finds, reads and describes pipelines. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { App, PipelineEntry, PipelineSummary, RunRequest, ValidationFault } from './app-types.ts';
import { createHash } from 'node:crypto';
import { compiledPipelines } from './app-compiled-pipelines.ts';
import { inputTypesAt } from './app-input-types.ts';
import type { InputTypes } from './engine/input-types.ts';
import type { AppPlugins } from './app-plugins.ts';
import type { World } from './app-world.ts';
import { MachinespawnError, fail } from './errors/machinespawn-error.ts';
import { forecast } from './engine/plan-report.ts';
import { decodePipeline } from './engine/pipeline-codec.ts';
import type { Pipeline } from './engine/pipeline.ts';
import { makePlan, type Plan } from './engine/plan.ts';
import { planMatrix } from './engine/plan-matrix.ts';
import { choosePart, stepsNamed, withDependants } from './engine/plan-selection.ts';
import { nearest } from './model/nearest.ts';
import { packageRoot } from './package-root.ts';

const builtInDirectory = join(packageRoot, 'pipelines');

/** Inputs whose value is an address that our own requests go to. */
const addressInputs: ReadonlySet<string> = new Set(['source', 'imageServer']);

type PlanRequest = Pick<RunRequest, 'pipeline' | 'inputs' | 'cells' | 'only' | 'skip' | 'until'>;
type Found = Pick<PipelineSummary, 'file' | 'origin'> & { readonly shown: string };

export class AppPipelines {
  readonly #world: World;
  readonly #cwd: string;
  readonly #own: string | null;
  readonly #plugins: AppPlugins;
  readonly #inputTypes: InputTypes;
  /** What is missing on the host is asked of the plan just before it is run. */
  #last: { readonly asked: string; readonly plan: Promise<Plan> } | null = null;

  /** `own`: the directory of the caller's pipelines; null where it may not be looked into. */
  constructor(world: World, cwd: string, plugins: AppPlugins, own: string | null) {
    this.#own = own;
    this.#world = world;
    this.#cwd = cwd;
    this.#inputTypes = inputTypesAt(cwd);
    this.#plugins = plugins;
  }

  /** Throws MSP_PIPELINE_NOT_FOUND, MSP_PIPELINE_INVALID. */
  async read(name: string): Promise<{ pipeline: Pipeline; text: string; found: Found }> {
    const found = await this.#find(name);
    const text = await readFile(found.file, 'utf8').catch((error: unknown) => {
      throw fail('MSP_PIPELINE_NOT_FOUND', { name }, error);
    });
    const compiled = found.origin === 'builtin' ? readCompiled(text, found.shown, this.#inputTypes) : null;
    return { pipeline: compiled ?? (await this.#parse(text, found.shown, dirname(found.file))), text, found };
  }

  /** Throws what `read` throws, MSP_INPUT_INVALID, MSP_MATRIX_INVALID, MSP_SELECTION_INVALID, MSP_SECRET_UNUSABLE. */
  async plan(request: PlanRequest): Promise<Plan> {
    const { pipeline, inputs, cells, only, skip, until } = request;
    const asked = JSON.stringify([pipeline, inputs, cells, only, skip, until]);
    if (this.#last?.asked !== asked) this.#last = { asked, plan: this.#makePlan(request) };
    return this.#last.plan;
  }

  async #makePlan({ pipeline: name, inputs, cells = {}, only = [], skip = [], until }: PlanRequest): Promise<Plan> {
    const { registry, ports } = this.#world;
    const { pipeline: read, found } = await this.read(name);
    // The run is to find its file again, wherever somebody stands.
    const pipeline = found.origin === 'builtin' ? read : { ...read, file: found.file };
    // A plan is written down, and shown. The password goes another way.
    const given = this.#withoutPasswords(inputs);
    const plan = await makePlan(pipeline, given, registry, { cells, secrets: ports.secrets });
    return choosePart(plan, { only, skip, until: until ?? null });
  }

  #withoutPasswords(inputs: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { proxies, passwords } = this.#world;
    const hide = (name: string, value: unknown): unknown => {
      if (typeof value !== 'string') return value;
      if (name === 'proxy') return proxies.hide(value);
      return addressInputs.has(name) ? passwords.hide(value) : value;
    };
    return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, hide(name, value)]));
  }

  async list(): Promise<readonly PipelineEntry[]> {
    const entries: PipelineEntry[] = [];
    await this.#plugins.loadGiven();
    for (const [origin, directory] of this.#directories()) {
      for (const name of await namesIn(directory)) entries.push(await this.#entry(join(directory, name), origin));
    }
    for (const file of this.#plugins.pipelines()) entries.push(await this.#entry(file, 'plugin'));
    return entries;
  }

  /** Throws where a built-in one is wrong. */
  async #entry(file: string, origin: PipelineSummary['origin']): Promise<PipelineEntry> {
    try {
      const { pipeline, found } = await this.#plugins.withoutAsking(() => this.read(file));
      return { ...(await this.#summary(pipeline, { ...found, origin })), problem: null };
    } catch (error) {
      if (!MachinespawnError.is(error) || origin === 'builtin') throw error;
      const name = basename(file).replace(/\.ya?ml$/u, '');
      const unknown = { title: '', inputs: [], steps: null, matrixSize: null, needsRoot: null };
      return { name, file, origin, ...unknown, problem: error.message };
    }
  }

  async show(name: string): ReturnType<App['showPipeline']> {
    const { pipeline, text, found } = await this.read(name);
    const steps = [];
    for (const step of pipeline.steps) {
      const type = await this.#world.registry.get(step.uses);
      const { id, uses, needs } = step;
      steps.push({ id, uses, needs, root: type.needs?.root === true, tools: type.needs?.tools ?? [] });
    }
    return { summary: await this.#summary(pipeline, found), text, plan: null, steps };
  }

  /** Never throws for what is wrong in the file: that is the answer. */
  async validate(file: string, text: string | null): Promise<readonly ValidationFault[]> {
    const content =
      text ??
      (await readFile(resolve(this.#cwd, file), 'utf8').catch((error: unknown) => {
        throw fail('MSP_PIPELINE_NOT_FOUND', { name: file }, error);
      }));
    try {
      await this.#parse(content, file, text === null ? dirname(resolve(this.#cwd, file)) : this.#cwd);
      return [];
    } catch (error) {
      if (!MachinespawnError.is(error) || error.code !== 'MSP_PIPELINE_INVALID') throw error;
      return (error.data as { faults: readonly ValidationFault[] }).faults;
    }
  }

  async forecast(request: RunRequest): Promise<Omit<Awaited<ReturnType<App['plan']>>, 'resumes'> & { plan: Plan }> {
    const plan = await this.plan(request);
    const { ports, registry } = this.#world;
    try {
      const refresh = refreshed(plan, request);
      const { steps } = await forecast(plan, ports, registry, { noCache: request.noCache === true, refresh });
      return { plan, pipeline: plan.pipeline.id, summary: plan.pipeline.summary, inputs: plan.inputs, steps };
    } finally {
      await rm(this.#world.lookScratch, { recursive: true, force: true });
    }
  }

  async #summary(pipeline: Pipeline, found: Found): Promise<PipelineSummary> {
    const types = await Promise.all(pipeline.steps.map((step) => this.#world.registry.get(step.uses)));
    return {
      name: pipeline.id,
      title: pipeline.summary,
      file: found.file,
      origin: found.origin,
      inputs: pipeline.inputs.map((input) => ({
        name: input.name,
        type: input.typeName,
        default: input.default ?? null,
        required: input.required,
        summary: input.summary,
      })),
      steps: pipeline.steps.length,
      matrixSize: await sizeOfMatrix(pipeline),
      needsRoot: types.some((type) => type.needs?.root === true),
    };
  }

  /** Those that a run's plan needs. Throws what `AppPlugins.load` throws. */
  async loadPlugins(plan: Plan | null, run: string): Promise<void> {
    for (const file of plan?.plugins ?? []) await this.#plugins.load(file, '/', `run ${run}`);
  }

  /** `directory`: where the plugins that it names are looked for. */
  async #parse(text: string, file: string, directory: string): Promise<Pipeline> {
    await this.#plugins.loadGiven();
    const { parsePipeline } = await import('./engine/pipeline-file.ts');
    const pipeline = await parsePipeline(text, {
      file,
      registry: this.#world.registry,
      inputTypes: this.#inputTypes,
      loadPlugin: async (name, askedBy) => await this.#plugins.load(name, directory, askedBy),
    });
    const used = new Set(pipeline.steps.map(({ uses }) => uses.split('/')[0]));
    const given = this.#plugins.loaded().filter(({ name, entry }) => entry !== null && used.has(name));
    return { ...pipeline, plugins: [...new Set(given.flatMap(({ entry }) => entry ?? []))].toSorted() };
  }

  async #find(name: string): Promise<Found> {
    if (name.includes('/') || /\.ya?ml$/u.test(name)) {
      const file = resolve(this.#cwd, name);
      return { file, origin: file.startsWith(`${builtInDirectory}/`) ? 'builtin' : 'project', shown: name };
    }
    const known = new Set<string>();
    await this.#plugins.loadGiven();
    for (const [origin, directory] of this.#directories()) {
      for (const entry of await namesIn(directory)) {
        const id = basename(entry).replace(/\.ya?ml$/u, '');
        known.add(id);
        // A built-in name always means the built-in: a project's file cannot stand in for it unseen.
        if (id === name && origin === 'builtin')
          return { file: join(directory, entry), origin, shown: `pipelines/${entry}` };
        if (id === name) return { file: join(directory, entry), origin, shown: join(directory, entry) };
      }
    }
    for (const file of this.#plugins.pipelines()) {
      const id = basename(file).replace(/\.ya?ml$/u, '');
      known.add(id);
      if (id === name) return { file, origin: 'plugin', shown: file };
    }
    throw fail('MSP_PIPELINE_NOT_FOUND', { name, nearest: nearest(name, known) });
  }

  #directories(): readonly (readonly [PipelineSummary['origin'], string])[] {
    const project = resolve(this.#cwd, 'pipelines');
    return [
      ['builtin', builtInDirectory],
      ...(project === builtInDirectory ? [] : ([['project', project]] as const)),
      ...(this.#own === null ? [] : ([['user', this.#own]] as const)),
      ['system', '/etc/machinespawn/pipelines'],
    ];
  }
}

/** Null when the file is another one than the bundle was made of. */
function readCompiled(text: string, file: string, inputTypes: InputTypes): Pipeline | null {
  const encoded = Object.values(compiledPipelines).find((one) => one.file === file);
  const digest = createHash('sha256').update(text).digest('hex');
  return encoded?.sourceDigest === digest ? decodePipeline(encoded, inputTypes) : null;
}

/** Ids of the steps that are to be done anew; ['*'] for all. Throws MSP_SELECTION_INVALID. */
export function refreshed(plan: Plan, { fresh, refresh = [], from = [] }: RunRequest): readonly string[] {
  if (fresh === true || refresh.includes('*')) return ['*'];
  return [...refresh.flatMap((name) => stepsNamed(plan, name)), ...withDependants(plan, from)];
}

/** With the inputs' defaults; an axis that needs more than these counts as one. */
async function sizeOfMatrix(pipeline: Pipeline): Promise<number> {
  const defaults = Object.fromEntries(pipeline.inputs.map((input) => [input.name, input.default ?? null]));
  try {
    return (await planMatrix(pipeline, defaults))?.cells.length ?? 1;
  } catch (error) {
    if (MachinespawnError.is(error)) return 1;
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => /\.ya?ml$/u.test(name)).toSorted();
}
