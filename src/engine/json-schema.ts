/** The part of JSON Schema that zod writes and we look at. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

/** The schemas that a value at this place may follow: unions and references opened. */
export function alternatives(schema: JsonSchema, root: JsonSchema, depth = 0): readonly JsonSchema[] {
  if (depth > 20) return [{}];
  if (schema.$ref !== undefined) {
    const target = schema.$ref === '#' ? root : root.$defs?.[schema.$ref.replace('#/$defs/', '')];
    return target === undefined ? [{}] : alternatives(target, root, depth + 1);
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return options.flatMap((option) => alternatives(option, root, depth + 1));
  return [schema];
}

/** Does it allow this JSON type? One without any restriction allows all. */
export function allowsType(schema: JsonSchema, type: string): boolean {
  if (schema.enum !== undefined) return schema.enum.some((value) => jsonTypeOf(value) === type);
  if (schema.const !== undefined) return jsonTypeOf(schema.const) === type;
  if (schema.type === undefined)
    return schema.allOf === undefined || schema.allOf.every((part) => allowsType(part, type));
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  return (
    types.includes(type) ||
    (type === 'number' && types.includes('integer')) ||
    (type === 'integer' && types.includes('number'))
  );
}

export function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

/** The schemas of one field, or an explanation that there is none. `free` where the schema does not say. */
export function fieldSchemas(
  schemas: readonly JsonSchema[],
  root: JsonSchema,
  key: string,
):
  | { readonly kind: 'found'; readonly schemas: readonly JsonSchema[] }
  | { readonly kind: 'free' }
  | { readonly kind: 'none'; readonly known: readonly string[] } {
  const found: JsonSchema[] = [];
  const known = new Set<string>();
  for (const schema of schemas) {
    if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) {
      found.push(...alternatives(schema.properties[key] ?? {}, root));
      continue;
    }
    for (const name of Object.keys(schema.properties ?? {})) known.add(name);
    if (allowsType(schema, 'object') && schema.additionalProperties !== false) {
      if (typeof schema.additionalProperties === 'object')
        found.push(...alternatives(schema.additionalProperties, root));
      else return { kind: 'free' };
    }
  }
  return found.length > 0 ? { kind: 'found', schemas: found } : { kind: 'none', known: [...known] };
}
