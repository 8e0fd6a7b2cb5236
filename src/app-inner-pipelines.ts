/** Runs a pipeline that ships as a part of one step: its journal is in memory, its results are kept as ever. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inputTypes } from './app-input-types.ts';
import { Engine } from './engine/engine.ts';
import type { RunEvent } from './engine/events.ts';
import { MemoryRunStore } from './engine/memory-run-store.ts';
import { makePlan, type Plan } from './engine/plan.ts';
import { forecast } from './engine/plan-report.ts';
import type { RunOptions } from './engine/run-options.ts';
import type { EnginePorts, RunStore, Workbench } from './engine/ports.ts';
import type { StepRegistry } from './engine/step-registry.ts';
import { fail, reviveError } from './errors/machinespawn-error.ts';
import type { PipelineForesight, PipelineListener, Pipelines, StepServices } from './host/services.ts';
import type { InnerPipelines } from './host/step-services.ts';
import { packageRoot } from './package-root.ts';

interface Parts {
  readonly registry: StepRegistry<StepServices>;
  readonly ports: () => EnginePorts<StepServices>;
  /** `place`: where its steps have their scratch directories. */
  readonly workbenchAt: (place: string) => Workbench<StepServices>;
}

export class AppInnerPipelines implements InnerPipelines {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws MSP_PIPELINE_NOT_FOUND, MSP_INPUT_INVALID, MSP_CANCELLED, and what a step of it throws. */
  async run(
    name: string,
    inputs: Readonly<Record<string, unknown>>,
    step: Parameters<InnerPipelines['run']>[2],
  ): Promise<Readonly<Record<string, unknown>>> {
    const { id, signal, listener, place } = step;
    const { registry, workbenchAt } = this.#parts;
    const plan = await this.#plan(name, inputs);
    const ports = { ...this.#parts.ports(), runs: memoryRunsAs(id), workbench: workbenchAt(place) };
    const run = await new Engine(ports, registry).start(plan, {
      ...refreshIf(listener.anew),
      onEvent: (event) => hear(event, plan, listener),
    });
    const cancel = (): void => run.cancel('SIGINT');
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    const end = await run.done.finally(() => signal.removeEventListener('abort', cancel));
    signal.throwIfAborted();
    if (end.status === 'succeeded') return end.outputs;
    throw end.error === null ? fail('MSP_CANCELLED', { reason: end.status }) : reviveError(end.error);
  }

  /** Throws MSP_PIPELINE_NOT_FOUND, MSP_INPUT_INVALID, and what a step of it that looks throws. */
  async foresee(
    name: string,
    inputs: Readonly<Record<string, unknown>>,
    { anew }: Parameters<Pipelines['foresee']>[2],
  ): Promise<PipelineForesight> {
    const { registry, ports } = this.#parts;
    const plan = await this.#plan(name, inputs);
    const { steps, outputs } = await forecast(plan, ports(), registry, refreshIf(anew));
    const failed = steps.find(({ error }) => error !== null)?.error ?? null;
    if (failed !== null) throw reviveError(failed);
    const missed = steps.find(({ cache }) => cache === 'miss');
    if (missed !== undefined) return { cache: 'miss', why: `${missed.id}: ${missed.why}`, outputs };
    if (outputs !== null)
      return { cache: 'hit', why: steps.findLast(({ cache }) => cache === 'hit')?.why ?? '', outputs };
    const open = steps.find(({ cache }) => cache === 'unknown');
    return { cache: 'unknown', why: open === undefined ? '' : `${open.id}: ${open.why}`, outputs };
  }

  async #plan(name: string, inputs: Readonly<Record<string, unknown>>): Promise<Plan> {
    const { registry, ports } = this.#parts;
    const file = `pipelines/${name}.yaml`;
    const text = await readFile(join(packageRoot, file), 'utf8').catch((error: unknown) => {
      throw fail('MSP_PIPELINE_NOT_FOUND', { name }, error);
    });
    const { parsePipeline } = await import('./engine/pipeline-file.ts');
    const pipeline = await parsePipeline(text, { file, registry, inputTypes });
    return await makePlan(pipeline, inputs, registry, { cells: {}, secrets: ports().secrets });
  }
}

function refreshIf(anew: boolean): Pick<RunOptions, 'refresh'> {
  return anew ? { refresh: ['*'] } : {};
}

/** Their id is the same in each attempt: what a killed one left half done is found and removed by the next. */
function memoryRunsAs(id: string): RunStore {
  const memory = new MemoryRunStore();
  return {
    create: async (_, plan) => await memory.create(id, plan),
    open: async (run) => await memory.open(run),
    list: async () => await memory.list(),
    remove: async (run) => await memory.remove(run),
  };
}

/** What the step that it is a part of says to the person. */
function hear(event: RunEvent, plan: Plan, listener: PipelineListener): void {
  const { log } = listener;
  const at = 'step' in event && event.step !== null ? event.step : plan.pipeline.id;
  if (event.type === 'step.started') listener.progress({ phase: at });
  else if (event.type === 'step.progress') listener.progress(progressOf(event, at));
  else if (event.type === 'step.succeeded') log.info(`${at}: ${event.text ?? 'done'}`);
  else if (event.type === 'step.cached')
    log.info(`${at}: ${event.text ?? 'done'} (made by run ${event.from?.run ?? '?'})`);
  else if (event.type === 'step.waiting') log.warn(`${at} waits${event.holder === null ? '' : ` for ${event.holder}`}`);
  else if (event.type === 'step.retry') log.warn(`${at} is tried again: ${event.error.message}`);
  else if (event.type === 'warning') log.warn(event.text);
  else if (event.type === 'step.log' && event.level === 'output') log.output(event.text);
  else if (event.type === 'step.log') log.info(`${at}: ${event.text}`);
}

function progressOf(
  { phase = '', done, total, unit, text }: Extract<RunEvent, { type: 'step.progress' }>,
  at: string,
): Parameters<PipelineListener['progress']>[0] {
  return {
    phase: phase || at,
    ...(done !== undefined && { done }),
    ...(total !== undefined && { total }),
    ...(unit !== undefined && { unit }),
    ...(text !== undefined && { text }),
  };
}
