/** The matrix of a pipeline: axes of values -> cells, one for each combination. The rules are those of GitHub Actions. */
import { canonicalJson } from './key.ts';
import type { Json } from './step.ts';

type Values = Readonly<Record<string, Json>>;

/** As the file writes it. Values may hold `${{ }}` over the inputs; an axis may be one such text. */
export interface MatrixSpec {
  readonly axes: Values;
  readonly include: readonly Values[];
  readonly exclude: readonly Values[];
  /** Cells that are worked on side by side; null: as many as there are jobs. */
  readonly maxParallel: number | null;
  /** Does the failure of one cell keep the others from taking up further steps? */
  readonly failFast: boolean;
}

/** One combination. */
export interface Cell {
  /** Of its values: "trixie+arm64". File-name safe, at most 64 letters, unique in its matrix. */
  readonly id: string;
  /** Every name of the matrix; null where the cell has no value of it. */
  readonly values: Values;
}

export const maxCells = 1000;
const maxIdLength = 64;

/**
 * Excluded combinations are left out first. Then each `include` is added to every combination whose values on the axes
 * it does not change; one that fits none is a combination of its own.
 * Throws RangeError when there are more than `maxCells`.
 */
export function expandMatrix(
  matrix: Pick<MatrixSpec, 'include' | 'exclude'> & { readonly axes: Readonly<Record<string, readonly Json[]>> },
): readonly Cell[] {
  const axes = Object.entries(matrix.axes);
  const size = axes.reduce((product, [, values]) => product * values.length, 1);
  if (size > maxCells) throw tooMany(size);
  const combinations =
    axes.length === 0 ? [] : combine(axes).filter((values) => !matrix.exclude.some((part) => fits(part, values)));
  const added: Record<string, Json>[] = combinations.map((values) => ({ ...values }));
  const alone: Values[] = [];
  for (const include of matrix.include) {
    let found = false;
    for (const [index, original] of combinations.entries()) {
      const shared = Object.keys(include).filter((name) => Object.hasOwn(original, name));
      if (!fits(Object.fromEntries(shared.map((name) => [name, include[name] ?? null])), original)) continue;
      Object.assign(added[index] ?? {}, include);
      found = true;
    }
    if (!found) alone.push(include);
  }
  const all = distinct([...added, ...alone]);
  if (all.length > maxCells) throw tooMany(all.length);
  return named(all, Object.keys(matrix.axes));
}

function tooMany(count: number): RangeError {
  return new RangeError(`it has ${count} combinations; ${maxCells} are the most`);
}

function combine(axes: readonly (readonly [string, readonly Json[]])[]): readonly Values[] {
  return axes.reduce<readonly Values[]>(
    (combinations, [name, values]) =>
      combinations.flatMap((before) => values.map((value) => ({ ...before, [name]: value }))),
    [{}],
  );
}

/** The same combination written twice is one. */
function distinct(cells: readonly Values[]): readonly Values[] {
  return [...new Map(cells.map((values) => [canonicalJson(values), values])).values()];
}

function fits(part: Values, whole: Values): boolean {
  return Object.entries(part).every(
    ([name, value]) => Object.hasOwn(whole, name) && canonicalJson(whole[name]) === canonicalJson(value),
  );
}

function named(cells: readonly Values[], axes: readonly string[]): readonly Cell[] {
  const names = [...new Set([...axes, ...cells.flatMap((values) => Object.keys(values))])];
  const taken = new Map<string, number>();
  return cells.map((values) => {
    const telling = axes.some((axis) => Object.hasOwn(values, axis)) ? axes : names;
    const words = telling.filter((name) => Object.hasOwn(values, name)).map((name) => wordOf(values[name] ?? null));
    const wish = words.join('+').slice(0, maxIdLength - 5) || 'cell';
    const count = (taken.get(wish) ?? 0) + 1;
    taken.set(wish, count);
    // No word holds a tilde: a numbered name is nobody's wish.
    const id = count === 1 ? wish : `${wish}~${count}`;
    return { id, values: Object.fromEntries(names.map((name) => [name, values[name] ?? null])) };
  });
}

/** How a person names a value: in the id of a cell, and to choose cells. */
export function wordOf(value: Json): string {
  if (typeof value === 'object' && value !== null) {
    const words = Object.values(value).map((inner: Json) => wordOf(inner));
    return words
      .filter((word) => word !== '')
      .slice(0, 3)
      .join('-');
  }
  return String(value ?? '').replaceAll(/[^\w.-]+/gu, '-');
}

/** The id of a step in a cell; `plainId` takes it apart again. */
export function cellStepId(step: string, cell: string): string {
  return `${step}@${cell}`;
}

/** The id that the file gives the step. */
export function plainId(step: { readonly id: string; readonly cell: string | null }): string {
  return step.cell === null ? step.id : step.id.slice(0, -step.cell.length - 1);
}
