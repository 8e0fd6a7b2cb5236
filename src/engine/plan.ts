/** A pipeline whose inputs are given, whose names are all known and whose order is fixed. It decides a run alone. */
import { deepFreeze } from './freeze.ts';
import type { Pipeline } from './pipeline.ts';
import type { Cell } from './matrix.ts';
import { checkWithInputs, resolveInputs } from './plan-inputs.ts';
import { planMatrix, stepsInCells, type MatrixChoice } from './plan-matrix.ts';
import { orderSteps } from './step-order.ts';
import type { SecretSources } from './ports.ts';
import type { StepRegistry } from './step-registry.ts';
import type { Json, RetryPolicy } from './step.ts';

export interface PlannedStep {
  readonly id: string;
  readonly uses: string;
  readonly summary: string;
  /** Strings may hold `${{ }}`; see `evaluateValue`. */
  readonly with: Json;
  /** Written or derived from references; in the order of the steps. */
  readonly needs: readonly string[];
  /** One expression, always inside `${{ }}`; null when the step runs in any case. */
  readonly if: string | null;
  /** Null where the file says nothing: the step type's own policy holds. */
  readonly retry: RetryPolicy | null;
  /** Null where the file says nothing: the step type's own limit holds. */
  readonly timeoutMs: number | null;
  /** False: no result of another run is taken, and none is kept. */
  readonly cache: boolean;
  /** Runs even when a step before it failed. */
  readonly always: boolean;
  /** The cell of the matrix that it belongs to: the end of its id. */
  readonly cell: string | null;
  /** Line in the pipeline file, from 1. */
  readonly line: number;
}

export interface PlanMatrix {
  /** Those that were chosen. */
  readonly cells: readonly Cell[];
  readonly maxParallel: number | null;
  readonly failFast: boolean;
}

export interface Plan {
  readonly format: 1;
  readonly pipeline: {
    readonly id: string;
    readonly summary: string;
    readonly file: string | null;
    readonly sourceDigest: string;
  };
  /** Files of the plugins whose steps it uses, to be loaded before it is resumed. */
  readonly plugins: readonly string[];
  /** Every declared input; null for an optional one that was not given. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** Secret inputs that were given -> digest of the value; the input itself says where it is. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly matrix: PlanMatrix | null;
  /** In a topological order that keeps the file's order where it can. */
  readonly steps: readonly PlannedStep[];
  /** Strings may hold `${{ }}`. */
  readonly outputs: Readonly<Record<string, Json>>;
}

export interface PlanOptions {
  /** Which cells of the matrix. @default all */
  readonly cells?: MatrixChoice;
  /** Needed where an input is a secret. */
  readonly secrets?: SecretSources;
}

/**
 * `givenInputs` are texts of a command line, or values.
 * Throws MSP_INPUT_INVALID, MSP_MATRIX_INVALID, MSP_SELECTION_INVALID, and MSP_STEP_INPUT_INVALID where the inputs alone
 * show that a step cannot use them.
 */
export async function makePlan<Services>(
  pipeline: Pipeline,
  givenInputs: Readonly<Record<string, unknown>>,
  registry: StepRegistry<Services>,
  options: PlanOptions = {},
): Promise<Plan> {
  const { inputs, secrets } = await sealSecrets(pipeline, resolveInputs(pipeline, givenInputs), options.secrets);
  const open = Object.fromEntries(Object.entries(inputs).filter(([name]) => !secretNames(pipeline).has(name)));
  const matrix = await planMatrix(pipeline, open, options.cells);
  const placed = stepsInCells(pipeline.steps, matrix);
  const values = new Map(matrix?.cells.map((cell) => [cell.id, cell.values]));
  const byId = new Map(placed.map((step) => [step.id, step]));
  const order = orderSteps(placed);
  if (order.kind === 'cycle') throw new TypeError(`a pipeline that was checked has a cycle: ${order.ids.join(' -> ')}`);
  const place = new Map(order.ids.map((id, index) => [id, index]));
  const steps: PlannedStep[] = [];
  for (const id of order.ids) {
    const step = byId.get(id);
    if (step === undefined) throw new TypeError(`the order has a step '${id}' that the pipeline has not`);
    const cell = step.cell === null ? null : (values.get(step.cell) ?? null);
    await checkWithInputs(step, { inputs: open, matrix: cell }, registry);
    const { once: _once, ...planned } = step;
    steps.push({ ...planned, needs: step.needs.toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0)) });
  }
  const { id, summary, file, sourceDigest, plugins, outputs } = pipeline;
  return deepFreeze({
    format: 1,
    pipeline: { id, summary, file, sourceDigest },
    plugins,
    inputs,
    secrets,
    matrix,
    steps,
    outputs,
  });
}

function secretNames(pipeline: Pipeline): ReadonlySet<string> {
  return new Set(pipeline.inputs.filter(({ type }) => type.secret === true).map(({ name }) => name));
}

/** Throws MSP_SECRET_UNUSABLE. */
async function sealSecrets(
  pipeline: Pipeline,
  inputs: Readonly<Record<string, Json>>,
  sources: SecretSources | undefined,
): Promise<Pick<Plan, 'inputs' | 'secrets'>> {
  const places: [string, string][] = [];
  const digests: [string, string][] = [];
  for (const name of secretNames(pipeline)) {
    const given = inputs[name];
    if (typeof given !== 'string') continue;
    if (sources === undefined) throw new TypeError('a plan with secrets needs to know how to read them');
    const source = sources.canonical(given);
    places.push([name, source]);
    digests.push([name, (await sources.open(name, source)).digest]);
  }
  return { inputs: { ...inputs, ...Object.fromEntries(places) }, secrets: Object.fromEntries(digests) };
}
