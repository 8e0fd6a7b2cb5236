/** A part of a plan: only some steps, without some, up to one; and what comes after a step. */
import { fail } from '../errors/machinespawn-error.ts';
import { nearest } from '../model/nearest.ts';
import { deepFreeze } from './freeze.ts';
import { plainId } from './matrix.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { namesIn } from './run-context.ts';
import type { Json } from './step.ts';

/** Steps by the id in the file (in all cells), or by that of one cell. */
export interface StepChoice {
  /** These, and what they need. */
  readonly only?: readonly string[];
  /** Not these; nothing that is left may use what they give. */
  readonly skip?: readonly string[];
  /** Not what needs this one. */
  readonly until?: string | null;
}

/** The plan with the chosen steps, and the outputs that they can give. Throws MSP_SELECTION_INVALID. */
export async function choosePart(plan: Plan, { only = [], skip = [], until = null }: StepChoice): Promise<Plan> {
  if (only.length === 0 && skip.length === 0 && until === null) return plan;
  let left = new Set(plan.steps.map(({ id }) => id));
  if (only.length > 0)
    left = withNeeds(
      plan,
      only.flatMap((name) => stepsNamed(plan, name)),
    );
  if (until !== null) {
    const last = stepsNamed(plan, until);
    for (const id of withDependants(plan, [until])) if (!last.includes(id)) left.delete(id);
  }
  for (const id of skip.flatMap((name) => stepsNamed(plan, name))) left.delete(id);
  const steps = plan.steps
    .filter(({ id }) => left.has(id))
    .map((step) => ({ ...step, needs: needsLeft(plan, step, left) }));
  if (steps.length === 0) throw refusal(plan, 'no step is left', null);
  for (const step of steps) await refuseMissing(plan, step, steps);
  const cells = new Set(steps.map(({ cell }) => cell));
  const matrix =
    plan.matrix === null ? null : { ...plan.matrix, cells: plan.matrix.cells.filter(({ id }) => cells.has(id)) };
  return deepFreeze({ ...plan, steps, matrix, outputs: await outputsLeft(plan, steps) });
}

/** Ids of the steps that a name stands for. Throws MSP_SELECTION_INVALID. */
export function stepsNamed(plan: Plan, name: string): readonly string[] {
  const found = plan.steps.filter((step) => step.id === name || plainId(step) === name).map(({ id }) => id);
  if (found.length > 0) return found;
  const known = [...new Set(plan.steps.flatMap((step) => [step.id, plainId(step)]))];
  const near = nearest(name, known);
  const hint =
    near === null ? `machinespawn pipeline show ${plan.pipeline.file ?? plan.pipeline.id}` : `did you mean '${near}'?`;
  throw refusal(plan, `it has no step '${name}'`, hint);
}

/** The steps of these names and all that need them, directly or not. Throws MSP_SELECTION_INVALID. */
export function withDependants(plan: Plan, names: readonly string[]): ReadonlySet<string> {
  const found = new Set(names.flatMap((name) => stepsNamed(plan, name)));
  // In the plan's order what is needed comes first.
  for (const { id, needs } of plan.steps) if (needs.some((need) => found.has(need))) found.add(id);
  return found;
}

function withNeeds(plan: Plan, ids: readonly string[]): Set<string> {
  const found = new Set(ids);
  for (const { id, needs } of plan.steps.toReversed()) if (found.has(id)) for (const need of needs) found.add(need);
  return found;
}

/** What came before a step that is left out still comes before what came after it. */
function needsLeft(plan: Plan, step: PlannedStep, left: ReadonlySet<string>): readonly string[] {
  const byId = new Map(plan.steps.map((one) => [one.id, one]));
  const found = new Set<string>();
  const seen = new Set<string>();
  const ahead = [...step.needs];
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (left.has(id)) found.add(id);
    else ahead.push(...(byId.get(id)?.needs ?? []));
  }
  return plan.steps.map(({ id }) => id).filter((id) => found.has(id));
}

async function refuseMissing(plan: Plan, step: PlannedStep, left: readonly PlannedStep[]): Promise<void> {
  const isThere = (name: string): boolean =>
    left.some((one) => plainId(one) === name && (step.cell === null || one.cell === null || one.cell === step.cell));
  const missing = (await stepNamesIn([step.with, step.if])).find((name) => !isThere(name));
  if (missing === undefined) return;
  throw refusal(plan, `step '${step.id}' uses what '${missing}' gives`, `--skip ${plainId(step)}, too`);
}

async function outputsLeft(plan: Plan, steps: readonly PlannedStep[]): Promise<Plan['outputs']> {
  const there = new Set(steps.map(plainId));
  const outputs: [string, Json][] = [];
  for (const [name, value] of Object.entries(plan.outputs)) {
    if ((await stepNamesIn(value)).every((step) => there.has(step))) outputs.push([name, value]);
  }
  return Object.fromEntries(outputs);
}

async function stepNamesIn(value: Json): Promise<readonly string[]> {
  return (await namesIn(value)).filter(({ root }) => root === 'steps').map(({ path }) => path[0] ?? '');
}

function refusal(plan: Plan, problem: string, hint: string | null): Error {
  return fail('MSP_SELECTION_INVALID', { pipeline: plan.pipeline.id, problem, hint });
}
