/** What the expressions of a run see: inputs, the cell's values, and the outputs of steps that have ended. */
import { evaluateValue, parseTemplate, references } from './expression.ts';
import { plainId } from './matrix.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { Json } from './step.ts';
import type { ExpressionContext } from './template.ts';

type Outputs = Record<string, { readonly outputs: Json }>;

const empty = (): Outputs => Object.create(null) as Outputs;

/** Inside a cell `steps.ID` is the step of that cell; outside, its outputs are a map from cell to outputs. */
export class RunContext {
  readonly #plan: Plan;
  readonly #base: Pick<ExpressionContext, 'inputs' | 'run'>;
  readonly #once: Outputs = empty();
  readonly #cells: ReadonlyMap<string, { readonly values: Readonly<Record<string, Json>>; readonly steps: Outputs }>;

  /** `inputs`: with the values of secrets in their places. */
  constructor(plan: Plan, runId: string, inputs: Readonly<Record<string, Json>>) {
    this.#plan = plan;
    this.#base = { inputs, run: { id: runId } };
    this.#cells = new Map(plan.matrix?.cells.map(({ id, values }) => [id, { values, steps: empty() }]));
  }

  of({ cell }: Pick<PlannedStep, 'cell'>): ExpressionContext {
    const found = cell === null ? undefined : this.#cells.get(cell);
    return { ...this.#base, steps: found?.steps ?? this.#once, matrix: found?.values ?? null };
  }

  /** Has the step ended, as far as expressions are concerned? */
  knows(planned: PlannedStep): boolean {
    return Object.hasOwn(this.of(planned).steps, plainId(planned));
  }

  settle(planned: PlannedStep, outputs: Json): void {
    const id = plainId(planned);
    const { cell } = planned;
    if (cell === null) {
      this.#once[id] = { outputs };
      for (const { steps } of this.#cells.values()) steps[id] = { outputs };
      return;
    }
    const own = this.#cells.get(cell)?.steps;
    if (own !== undefined) own[id] = { outputs };
    const known = (this.#once[id]?.outputs ?? {}) as Readonly<Record<string, Json>>;
    this.#once[id] = { outputs: this.#inPlanOrder({ ...known, [cell]: outputs }) };
  }

  /** Not in the order in which the cells ended: `steps.ID.outputs.*` gives the same list, and so the same key, in each run. */
  #inPlanOrder(byCell: Readonly<Record<string, Json>>): Json {
    const ordered = Object.create(null) as Record<string, Json>;
    for (const cell of this.#cells.keys()) {
      const outputs = byCell[cell];
      if (outputs !== undefined) ordered[cell] = outputs;
    }
    return ordered;
  }

  /** The outputs of the pipeline; one that is about cells is a map from cell to value. Throws MSP_EXPRESSION_FAILED. */
  async outputs(): Promise<Readonly<Record<string, Json>>> {
    const result: [string, Json][] = [];
    const inCells = new Set(this.#plan.steps.filter(({ cell }) => cell !== null).map(plainId));
    for (const [name, value] of Object.entries(this.#plan.outputs)) {
      const isOfCells = (await namesIn(value)).some(
        ({ root, path }) => root === 'matrix' || (root === 'steps' && inCells.has(path[0] ?? '')),
      );
      if (!isOfCells) {
        result.push([name, await evaluateValue(value, this.of({ cell: null }))]);
        continue;
      }
      const each: [string, Json][] = [];
      for (const cell of this.#cells.keys()) each.push([cell, await evaluateValue(value, this.of({ cell }))]);
      result.push([name, Object.fromEntries(each)]);
    }
    return Object.fromEntries(result);
  }
}

/** Every name that the expressions in a value use. */
export async function namesIn(
  value: Json,
): Promise<readonly { readonly root: string; readonly path: readonly string[] }[]> {
  if (typeof value === 'string') return references(await parseTemplate(value));
  if (typeof value !== 'object' || value === null) return [];
  return (await Promise.all(Object.values(value).map((inner: Json) => namesIn(inner)))).flat();
}
