/** A step type for a person: what it takes and gives, from its schemas. */
import type { App } from '../app-types.ts';

type StepType = Awaited<ReturnType<App['stepTypes']>>[number];

/** The part of JSON Schema that step types use. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Row {
  /** "archive.suite", "packages[].name". */
  readonly path: string;
  readonly text: string;
}

export function stepLines(step: StepType): readonly string[] {
  const needs = [...(step.needsRoot ? ['root'] : []), ...step.tools].join(', ');
  return [
    `${step.id} - ${step.summary}`,
    ...(needs === '' ? [] : [`needs ${needs}`]),
    '',
    'with:',
    ...table(rowsOf(step.input as Schema, '')),
    '',
    'outputs:',
    ...table(rowsOf(step.output as Schema, '')),
  ];
}

function table(rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return ['  (nothing)'];
  const width = Math.max(...rows.map(({ path }) => path.length));
  return rows.map(({ path, text }) => `  ${path.padEnd(width)}  ${text}`);
}

/** The fields of an object, those of objects inside it too. */
function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): readonly Row[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const rest =
      field.default !== undefined
        ? `, default ${JSON.stringify(field.default)}`
        : required.includes(name)
          ? ''
          : ', optional';
    const text = `${field.description ?? ''} (${typeOf(field)}${rest})`.trim();
    return [{ path, text }, ...rowsInside(field, path)];
  });
}

function rowsInside(schema: Schema, path: string): readonly Row[] {
  if (schema.properties !== undefined) return rowsOf(schema, `${path}.`);
  if (schema.items !== undefined) return rowsInside(schema.items, `${path}[]`);
  return (schema.anyOf ?? schema.oneOf ?? []).flatMap((option) => rowsInside(option, path));
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
  object: 'map',
  null: 'nothing',
};

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map(String).join('|');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return [...new Set(options.map(typeOf))].join(' or ');
  if (schema.type === undefined) return 'any value';
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'any values' : typeOf(schema.items)}`;
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  return `${types.map((type) => words[type] ?? type).join(' or ')}${rangeOf(schema)}`;
}

function rangeOf({ minimum, maximum }: Schema): string {
  const isBound = (limit: number | undefined): limit is number =>
    limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  if (isBound(minimum) && isBound(maximum)) return ` from ${minimum} to ${maximum}`;
  if (isBound(minimum)) return ` from ${minimum}`;
  return isBound(maximum) ? ` to ${maximum}` : '';
}
