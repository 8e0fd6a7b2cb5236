/** What a step type must look like, so that help, editor schema and checks can be derived from it. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { JsonSchema } from './json-schema.ts';
import type { AnyStep } from './step.ts';

const idForm = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u;
const reuses: readonly unknown[] = ['always', 'run', 'never'];

/** Throws MSP_STEP_TYPE_INVALID. `id` may carry a plugin's name before a slash. */
export function checkStepType(id: string, step: AnyStep): void {
  const problem = findProblem(id.slice(id.indexOf('/') + 1), step);
  if (problem !== null) throw fail('MSP_STEP_TYPE_INVALID', { step: id, problem });
}

function findProblem(name: string, step: AnyStep): string | null {
  if (typeof step !== 'object' || step === null) return 'it is not a step';
  if (step.id !== name) return `its id is '${step.id}'`;
  if (!idForm.test(name)) return 'its id is not of lower-case words with dashes between them';
  return summaryProblem(step.summary) ?? plainProblem(step) ?? inputProblem(step) ?? outputProblem(step);
}

function summaryProblem(summary: unknown): string | null {
  if (typeof summary !== 'string' || summary.trim() === '') return 'it has no summary';
  if (/[\r\n]/u.test(summary)) return 'its summary has more than one line';
  if (!/^\p{Lu}/u.test(summary)) return 'its summary does not begin with a capital letter';
  if (/[.\s]$/u.test(summary)) return 'its summary ends with a full stop or a space';
  // Imperative as far as a program can tell: "Builds", "Building" and "This" are not.
  if (/^(this|the|an?|\p{L}*[aeiouy]\p{L}*ing|\p{L}{2,}[^su\P{L}]s)\s/iu.test(summary))
    return 'its summary is not in the imperative';
  return null;
}

function plainProblem(step: AnyStep): string | null {
  if (!Number.isSafeInteger(step.version) || step.version < 1) return 'its version is not an integer from 1';
  if (!reuses.includes(step.reuse)) return "its reuse is none of 'always', 'run', 'never'";
  if (typeof step.run !== 'function') return 'it has no run function';
  return null;
}

function inputProblem(step: AnyStep): string | null {
  if (!isStrict(step.input)) return 'its input is not a z.strictObject';
  const schema = toSchema(step.input, 'input');
  if (typeof schema === 'string') return `its input has no JSON Schema: ${schema}`;
  for (const [name, field] of Object.entries(step.input.shape)) {
    const described = (field as z.ZodType).description ?? descriptionOf(schema.properties?.[name]);
    if (described === undefined || described.trim() === '') return `its input field '${name}' is not described`;
  }
  return null;
}

function outputProblem(step: AnyStep): string | null {
  if (!isStrict(step.output)) return 'its output is not a z.strictObject';
  const schema = toSchema(step.output, 'output');
  if (typeof schema === 'string') return `its output has no JSON Schema: ${schema}`;
  for (const name of Object.keys(schema.properties ?? {})) {
    // A field that may be missing could not be told from a misspelt one when a pipeline refers to it.
    if (!schema.required?.includes(name)) return `its output field '${name}' may be missing; make it nullable`;
  }
  return null;
}

/** Of the field, or of what it may be beside null. */
function descriptionOf(schema: JsonSchema | undefined): string | undefined {
  return schema?.description ?? schema?.anyOf?.map(descriptionOf).find((text) => text !== undefined);
}

function isStrict(schema: unknown): schema is z.ZodObject {
  return schema instanceof z.ZodObject && schema.def.catchall?._zod.def.type === 'never';
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema | string {
  try {
    return z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
