/** Inputs of a run: given or default, parsed by their types; and what they alone decide about the steps. */
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { nearest } from '../model/nearest.ts';
import { evaluate, parseTemplate, references } from './expression.ts';
import { checkLiterals, type OpenPlace } from './literal-check.ts';
import type { Pipeline, PipelineInput, PipelineStep } from './pipeline.ts';
import type { StepRegistry } from './step-registry.ts';
import type { Json } from './step.ts';
import { mayHoldExpression, type ExpressionContext } from './template.ts';

/** Every declared input, null for an optional one without a value. Throws MSP_INPUT_INVALID. */
export function resolveInputs(
  pipeline: Pipeline,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Json>> {
  const names = pipeline.inputs.map((input) => input.name);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const known = names.length === 0 ? 'it has no inputs' : `there are ${names.join(', ')}`;
    refuse(pipeline, name, `there is no such input; ${near === null ? known : `did you mean '${near}'?`}`);
  }
  return Object.fromEntries(pipeline.inputs.map((input) => [input.name, resolveInput(pipeline, input, given)]));
}

function resolveInput(pipeline: Pipeline, input: PipelineInput, given: Readonly<Record<string, unknown>>): Json {
  const value = Object.hasOwn(given, input.name) ? given[input.name] : undefined;
  if (value === undefined || value === null) {
    if (input.required) return refuse(pipeline, input.name, `it has to be given: ${input.type.summary}`);
    return input.default ?? null;
  }
  try {
    return input.type.parse(value);
  } catch (error) {
    if (!MachinespawnError.is(error)) throw error;
    return refuse(pipeline, input.name, `${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`, error);
  }
}

function refuse(pipeline: Pipeline, input: string, problem: string, cause?: unknown): never {
  throw fail('MSP_INPUT_INVALID', { pipeline: pipeline.id, input, problem }, cause);
}

/** Puts the inputs in place and asks the step's schema again; what other steps give stays open. Throws MSP_STEP_INPUT_INVALID. */
export async function checkWithInputs<Services>(
  step: PipelineStep,
  { inputs, matrix }: Pick<ExpressionContext, 'inputs' | 'matrix'>,
  registry: StepRegistry<Services>,
): Promise<void> {
  const context: ExpressionContext = { inputs, steps: {}, run: { id: '' }, matrix };
  const open: OpenPlace[] = [];
  const closed = { count: 0 };
  const value = await fillIn(step.with, [], context, open, closed);
  // What holds no input was checked when the file was read.
  if (closed.count === 0) return;
  const type = await registry.get(step.uses);
  const [fault] = checkLiterals(type.input, value, open);
  if (fault === undefined) return;
  const at = fault.path.join('.');
  throw fail('MSP_STEP_INPUT_INVALID', {
    step: step.id,
    problem: at === '' ? fault.message : `${at}: ${fault.message}`,
  });
}

async function fillIn(
  value: Json,
  path: readonly (string | number)[],
  context: ExpressionContext,
  open: OpenPlace[],
  closed: { count: number },
): Promise<Json> {
  if (typeof value === 'string') {
    if (!mayHoldExpression(value)) return value;
    const template = await parseTemplate(value);
    if (
      references(template).every(
        ({ root, path }) => root === 'matrix' || (root === 'inputs' && isKnown(path[0], context)),
      )
    ) {
      closed.count += 1;
      return evaluate(template, context);
    }
    open.push({ path, whole: template.parts.length === 1 });
    return value;
  }
  if (value === null || typeof value !== 'object') return value;
  const isList = Array.isArray(value);
  const fields: [string, Json][] = [];
  for (const [name, field] of Object.entries(value)) {
    fields.push([name, await fillIn(field, [...path, isList ? Number(name) : name], context, open, closed)]);
  }
  return isList ? fields.map(([, field]) => field) : Object.fromEntries(fields);
}

/** All inputs but secrets, of which nothing is known yet; `inputs` as a whole may hold one. */
function isKnown(name: string | undefined, { inputs }: ExpressionContext): boolean {
  return name !== undefined && Object.hasOwn(inputs, name);
}
