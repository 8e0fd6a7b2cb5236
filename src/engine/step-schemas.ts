/** JSON Schemas of a step type, made once. */
import { z } from 'zod';
import type { JsonSchema } from './json-schema.ts';
import type { AnyStep } from './step.ts';

const inputs = new WeakMap<AnyStep, JsonSchema>();
const outputs = new WeakMap<AnyStep, JsonSchema>();

/** What a person may write under `with`. */
export function inputSchema(step: AnyStep): JsonSchema {
  return remember(inputs, step, () => toJsonSchema(step.input, 'input'));
}

/** What the step returns. */
export function outputSchema(step: AnyStep): JsonSchema {
  return remember(outputs, step, () => toJsonSchema(step.output, 'output'));
}

function remember(known: WeakMap<AnyStep, JsonSchema>, step: AnyStep, make: () => JsonSchema): JsonSchema {
  const found = known.get(step) ?? make();
  known.set(step, found);
  return found;
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
}
