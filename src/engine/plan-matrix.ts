/** Cells of a plan: the matrix with the inputs put in, narrowed to those that were asked for, and the steps of each. */
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { nearest } from '../model/nearest.ts';
import { evaluateValue } from './expression.ts';
import { cellStepId, expandMatrix, wordOf, type Cell, type MatrixSpec } from './matrix.ts';
import type { Pipeline, PipelineStep } from './pipeline.ts';
import type { PlanMatrix } from './plan.ts';
import type { Json } from './step.ts';

/** Axis -> the values that are wanted, as a person writes them. */
export type MatrixChoice = Readonly<Record<string, readonly string[]>>;

/** Throws MSP_MATRIX_INVALID, MSP_SELECTION_INVALID. */
export async function planMatrix(
  pipeline: Pick<Pipeline, 'id' | 'matrix'>,
  inputs: Readonly<Record<string, Json>>,
  choice: MatrixChoice = {},
): Promise<PlanMatrix | null> {
  const { matrix, id } = pipeline;
  if (matrix === null) {
    const [name] = Object.keys(choice);
    if (name === undefined) return null;
    throw fail('MSP_SELECTION_INVALID', { pipeline: id, problem: 'it has no matrix to choose from', hint: null });
  }
  const cells = chosen(id, await cellsOf(id, matrix, inputs), choice);
  return { cells, maxParallel: matrix.maxParallel, failFast: matrix.failFast };
}

async function cellsOf(
  pipeline: string,
  matrix: MatrixSpec,
  inputs: Readonly<Record<string, Json>>,
): Promise<readonly Cell[]> {
  const refuse = (problem: string, cause?: unknown): MachinespawnError =>
    fail('MSP_MATRIX_INVALID', { pipeline, problem }, cause);
  const context = { inputs, steps: {}, run: { id: '' }, matrix: null };
  const axes: [string, readonly Json[]][] = [];
  for (const [name, value] of Object.entries(matrix.axes)) {
    const values = await evaluateValue(value, context);
    if (!Array.isArray(values)) throw refuse(`axis '${name}' is not a list`);
    if (values.length === 0) throw refuse(`axis '${name}' has no value`);
    axes.push([name, values as readonly Json[]]);
  }
  const include = (await evaluateValue(matrix.include, context)) as MatrixSpec['include'];
  const exclude = (await evaluateValue(matrix.exclude, context)) as MatrixSpec['exclude'];
  let cells: readonly Cell[];
  try {
    cells = expandMatrix({ axes: Object.fromEntries(axes), include, exclude });
  } catch (error) {
    if (error instanceof RangeError) throw refuse(error.message, error);
    throw error;
  }
  if (cells.length === 0) throw refuse('every combination is excluded');
  return cells;
}

function chosen(pipeline: string, cells: readonly Cell[], choice: MatrixChoice): readonly Cell[] {
  const refuse = (problem: string, hint: string | null): never => {
    throw fail('MSP_SELECTION_INVALID', { pipeline, problem, hint });
  };
  const names = Object.keys(cells[0]?.values ?? {});
  for (const [name, words] of Object.entries(choice)) {
    const near = nearest(name, names);
    if (!names.includes(name))
      refuse(
        `its matrix has no '${name}'`,
        near === null ? `there are ${names.join(', ')}` : `did you mean '${near}'?`,
      );
    const known = [...new Set(cells.map(({ values }) => wordOf(values[name] ?? null)))];
    const unknown = words.find((word) => !known.includes(wordOf(word)));
    if (unknown !== undefined) refuse(`no combination has ${name} '${unknown}'`, `there are ${known.join(', ')}`);
  }
  const left = cells.filter(({ values }) =>
    Object.entries(choice).every(([name, words]) =>
      words.some((word) => wordOf(word) === wordOf(values[name] ?? null)),
    ),
  );
  if (left.length === 0) refuse('no combination has all that was chosen', `machinespawn pipeline show ${pipeline}`);
  return left;
}

export type PlacedStep = PipelineStep & { readonly cell: string | null };

/** Every step of every cell, and once those that are not of the matrix: first what comes before it, last what comes after. */
export function stepsInCells(steps: readonly PipelineStep[], matrix: PlanMatrix | null): readonly PlacedStep[] {
  if (matrix === null) return steps.map((step) => ({ ...step, cell: null }));
  const once = new Set(steps.filter((step) => step.once).map(({ id }) => id));
  const inCell = (step: PipelineStep, cell: string): PlacedStep => ({
    ...step,
    id: cellStepId(step.id, cell),
    cell,
    needs: step.needs.map((need) => (once.has(need) ? need : cellStepId(need, cell))),
  });
  const alone = (step: PipelineStep): PlacedStep => ({
    ...step,
    cell: null,
    needs: step.needs.flatMap((need) =>
      once.has(need) ? [need] : matrix.cells.map((cell) => cellStepId(need, cell.id)),
    ),
  });
  const first = steps.findIndex((step) => !step.once);
  const split = first < 0 ? steps.length : first;
  return [
    ...steps.slice(0, split).map(alone),
    ...matrix.cells.flatMap((cell) => steps.filter((step) => !step.once).map((step) => inCell(step, cell.id))),
    ...steps
      .slice(split)
      .filter((step) => step.once)
      .map(alone),
  ];
}
