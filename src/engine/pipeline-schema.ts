/** JSON Schema of pipeline files, for editors: step types with their `with`, and a `${{ }}` text wherever a value may stand. */
import { catalog } from '../errors/catalog.ts';
import type { InputTypes } from './input-types.ts';
import type { JsonSchema } from './json-schema.ts';
import { stepIdForm } from './pipeline-steps.ts';
import type { StepRegistry } from './step-registry.ts';
import { inputSchema } from './step-schemas.ts';
import type { AnyStep } from './step.ts';

type Schema = Readonly<Record<string, unknown>>;

const expression: Schema = {
  type: 'string',
  pattern: '\\$\\{\\{',
  description: 'An expression such as ${{ inputs.name }}',
};
const duration: Schema = {
  type: 'string',
  pattern: '^(\\d+(\\.\\d+)?(ms|[dhms]))+$',
  description: 'Such as 90s, 10m, 1h30m',
};
const line: Schema = { type: 'string', minLength: 1, pattern: '^[^\\r\\n]*$' };
const names: Schema = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };

const combinations = {
  type: 'array',
  items: { type: 'object', minProperties: 1 },
} as const satisfies Schema;
const matrixDefinition: Schema = {
  type: 'object',
  minProperties: 1,
  description: 'The steps run once for each combination of the values of its axes',
  properties: {
    include: {
      ...combinations,
      description: 'Values added to the combinations they fit, or combinations of their own',
    },
    exclude: { ...combinations, description: 'Combinations that are left out' },
    'max-parallel': { type: 'integer', minimum: 1, description: 'Combinations worked on side by side' },
    'fail-fast': { type: 'boolean', default: true, description: 'After a failure no other combination goes on' },
  },
  additionalProperties: {
    description: 'An axis: its values, or an expression that gives them',
    anyOf: [{ type: 'array', minItems: 1 }, { $ref: '#/$defs/expression' }],
  },
};

/** Draft 2020-12. Throws MSP_STEP_TYPE_INVALID. */
export async function pipelineSchema<Services>(
  registry: StepRegistry<Services>,
  inputTypes: InputTypes,
): Promise<Schema> {
  const types: [string, AnyStep<Services>][] = [];
  for (const id of registry.ids()) types.push([id, await registry.get(id)]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A pipeline of machinespawn',
    type: 'object',
    required: ['format', 'id', 'summary', 'steps'],
    additionalProperties: false,
    properties: {
      format: { const: 1 },
      id: { type: 'string', pattern: stepIdForm.source, maxLength: 64 },
      summary: { ...line, description: 'What the pipeline does, in one line' },
      inputs: { type: 'object', additionalProperties: { $ref: '#/$defs/input' } },
      plugins: { ...names, description: 'Plugins whose steps are used' },
      matrix: { $ref: '#/$defs/matrix' },
      steps: { type: 'array', minItems: 1, items: { $ref: '#/$defs/step' } },
      outputs: { type: 'object', description: 'What the run gives' },
    },
    $defs: {
      expression,
      input: inputDefinition(inputTypes),
      matrix: matrixDefinition,
      step: stepDefinition(types),
      ...Object.fromEntries(
        types.map(([id, type]) => [withName(id), openToExpressions(inputSchema(type), withReference(id))]),
      ),
    },
  };
}

const withName = (id: string): string => `with ${id.replace('/', ' ')}`;
/** A reference is a URI fragment. */
const withReference = (id: string): string => `#/$defs/${encodeURIComponent(withName(id))}`;

function inputDefinition(inputTypes: InputTypes): Schema {
  const kinds = Object.entries(inputTypes);
  return {
    type: 'object',
    required: ['type', 'summary'],
    additionalProperties: false,
    properties: {
      type: { oneOf: kinds.map(([name, { summary }]) => ({ const: name, description: summary })) },
      summary: { ...line, description: 'What the input is for, in one line' },
      default: { description: 'Taken when the input is not given' },
      required: { type: 'boolean', description: 'Without a default an input is required, unless this is false' },
      options: { type: 'array', items: { type: 'string' }, minItems: 1, description: 'For type choice' },
    },
    allOf: kinds.map(([name, { jsonSchema }]) => ({
      if: { properties: { type: { const: name } }, required: ['type'] },
      // A text may be written as a number or a word of YAML; it is read as it stands.
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, in a value that nobody awaits
      then: {
        properties: {
          default:
            name === 'choice' || jsonSchema['type'] === 'string' ? {} : { anyOf: [jsonSchema, { type: 'null' }] },
        },
      },
    })),
  };
}

function stepDefinition<Services>(types: readonly (readonly [string, AnyStep<Services>])[]): Schema {
  return {
    type: 'object',
    required: ['id', 'uses'],
    additionalProperties: false,
    properties: {
      id: { type: 'string', pattern: stepIdForm.source, maxLength: 64 },
      uses: { oneOf: types.map(([id, type]) => ({ const: id, description: type.summary })) },
      summary: line,
      with: { type: 'object' },
      needs: { ...names, description: 'Steps that come first, beside those that are referred to' },
      if: { type: ['string', 'boolean'], description: 'One expression; the step is left out when it is false' },
      retry: {
        type: 'object',
        required: ['attempts', 'on'],
        additionalProperties: false,
        properties: {
          attempts: { type: 'integer', minimum: 1, maximum: 100 },
          on: { anyOf: [{ enum: Object.keys(catalog) }, { type: 'array', items: { enum: Object.keys(catalog) } }] },
          delay: duration,
        },
      },
      timeout: duration,
      cache: { type: 'boolean', default: true },
      always: { type: 'boolean', default: false, description: 'Runs even when a step before it failed' },
      matrix: { type: 'boolean', default: true, description: 'False: once for the whole matrix, not in each cell' },
    },
    allOf: types.map(([id, type]) => ({
      if: { properties: { uses: { const: id } }, required: ['uses'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, in a value that nobody awaits
      then: {
        properties: { with: { $ref: withReference(id) } },
        ...((inputSchema(type).required?.length ?? 0) > 0 ? { required: ['with'] } : {}),
      },
    })),
  };
}

/** Lets an expression stand for every value inside a schema, and a number or a word of YAML for a text. */
function openToExpressions(schema: JsonSchema, base: string): Schema {
  const { $schema: _draft, ...rest } = schema as JsonSchema & { readonly $schema?: string };
  return openInside(rest, base);
}

const parts = ['properties', '$defs'] as const;
const lists = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const;

function openInside(schema: JsonSchema, base: string): Schema {
  const open = (inner: JsonSchema): Schema => orExpression(openInside(inner, base));
  const result: Record<string, unknown> = { ...schema };
  if (schema.$ref !== undefined) result['$ref'] = schema.$ref.replace('#', base);
  for (const part of parts) {
    const inner = schema[part];
    if (inner !== undefined)
      result[part] = Object.fromEntries(Object.entries(inner).map(([name, field]) => [name, open(field)]));
  }
  for (const list of lists) {
    const inner = schema[list];
    // An alternative is opened as a whole, beside its likes: oneOf with two expressions in it would refuse both.
    if (inner !== undefined)
      result[list] = inner.map((option) => (list === 'prefixItems' ? open(option) : openInside(option, base)));
  }
  if (schema.items !== undefined) result['items'] = open(schema.items);
  if (typeof schema.additionalProperties === 'object')
    result['additionalProperties'] = open(schema.additionalProperties);
  return result;
}

function orExpression(schema: Schema): Schema {
  const { description, default: standard, ...rest } = schema;
  const about = {
    ...(description === undefined ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
  };
  if (Object.keys(rest).length === 0) return about;
  const scalars =
    rest['type'] === 'string' && rest['enum'] === undefined && rest['const'] === undefined
      ? [{ type: ['number', 'boolean'] }]
      : [];
  return { ...about, anyOf: [rest, ...scalars, { $ref: '#/$defs/expression' }] };
}
