/** A JSON schema in one word or a few, for a cell of a table. */
export interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly const?: string | number | boolean | null;
  readonly default?: unknown;
  readonly items?: FieldSchema | boolean;
  readonly anyOf?: readonly FieldSchema[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: FieldSchema | boolean;
}

export function schemaTypeText(schema: FieldSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(schemaTypeText))].join(' or ');
  if (schema.type === 'array') {
    return typeof schema.items === 'object' ? `list of ${schemaTypeText(schema.items)}` : 'list';
  }
  if (schema.type === 'object') {
    const names = Object.keys(schema.properties ?? {});
    return names.length === 0 ? 'object' : `{ ${names.join(', ')} }`;
  }
  if (typeof schema.type === 'string') return schema.type;
  return schema.type?.join(' or ') ?? 'any';
}
