/** Drawings of pipelines, on request with the state of a run in them. */
import type { AppPipelines } from './app-pipelines.ts';
import type { AppRuns } from './app-runs.ts';
import { drawGraph, type GraphFormat, type GraphStates } from './engine/graph.ts';
import type { Plan } from './engine/plan.ts';
import { fail } from './errors/machinespawn-error.ts';

/** With a run its own stored plan is drawn. Throws MSP_PIPELINE_NOT_FOUND, MSP_RUN_NOT_FOUND. */
export async function graphOf(
  pipelines: AppPipelines,
  runs: AppRuns,
  name: string,
  format: GraphFormat,
  run: string | null,
): Promise<string> {
  if (run === null) return drawGraph(await openPlan(pipelines, name), format);
  const view = await runs.find(run);
  if (view.plan === null || view.record === null) throw fail('MSP_RUN_NOT_FOUND', { run: `${run} that can be drawn` });
  const states: GraphStates = Object.fromEntries(
    [...view.record.steps].map(([id, step]) => [id, { status: step.state, durationMs: step.durationMs }]),
  );
  return drawGraph(view.plan, format, states);
}

/** A drawing needs no inputs: only names and order. */
async function openPlan(pipelines: AppPipelines, name: string): Promise<Plan> {
  const { pipeline } = await pipelines.read(name);
  const { format, id, summary, file, sourceDigest, outputs } = pipeline;
  const steps = pipeline.steps.map(({ once: _once, ...step }) => ({ ...step, cell: null }));
  return {
    format,
    pipeline: { id, summary, file, sourceDigest },
    plugins: [],
    inputs: {},
    secrets: {},
    matrix: null,
    steps,
    outputs,
  };
}
