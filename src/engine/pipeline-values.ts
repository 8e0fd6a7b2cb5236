/** Values of a pipeline file: texts read as they stand where the schema wants a text, and the `${{ }}` in them found. */
import { allowsType, alternatives, fieldSchemas, jsonTypeOf, type JsonSchema } from './json-schema.ts';
import { parseTemplate } from './expression.ts';
import type { Path, Place } from './pipeline-faults.ts';
import type { Json } from './step.ts';
import { mayHoldExpression, type Span, type Template } from './template.ts';
import type { YamlNode, YamlScalar } from './yaml-tree.ts';

/** A text with `${{ }}` in it, and where it stands. */
export interface FoundTemplate {
  readonly template: Template;
  readonly node: YamlScalar;
  /** From the top of the file. */
  readonly path: Path;
  /** What the place takes; null where nothing is known. */
  readonly target: readonly JsonSchema[] | null;
  /** Letters of the template's text that are not in the file: the braces of a bare `if`. */
  readonly shift: number;
}

interface Wanted {
  readonly schemas: readonly JsonSchema[];
  readonly root: JsonSchema;
}

export class ValueReader {
  readonly #pending: Omit<FoundTemplate, 'template'>[] = [];
  readonly #texts: string[] = [];

  /** `schema` is what the value has to follow, where that is known. */
  read(node: YamlNode, path: Path, schema: JsonSchema | null): Json {
    return this.#read(node, path, schema === null ? null : { schemas: alternatives(schema, schema), root: schema });
  }

  #read(node: YamlNode, path: Path, wanted: Wanted | null): Json {
    if (node.kind === 'scalar') return this.#readScalar(node, path, wanted);
    if (node.kind === 'list')
      return node.items.map((item, index) => this.#read(item, [...path, index], itemOf(wanted, index)));
    return Object.fromEntries(
      [...node.entries.values()].map(({ key, value }) => [
        key,
        this.#read(value, [...path, key], fieldOf(wanted, key)),
      ]),
    );
  }

  #readScalar(node: YamlScalar, path: Path, wanted: Wanted | null): Json {
    const { value } = node;
    if (typeof value === 'string') {
      if (mayHoldExpression(value)) this.note(value, { node, path, target: wanted?.schemas ?? null, shift: 0 });
      return value;
    }
    if (value === null || wanted === null) return value;
    const takes = (type: string): boolean => wanted.schemas.some((schema) => allowsType(schema, type));
    return takes('string') && !takes(jsonTypeOf(value)) ? node.source : value;
  }

  note(text: string, place: Omit<FoundTemplate, 'template'>): void {
    this.#pending.push(place);
    this.#texts.push(text);
  }

  /** The templates found since the last call. */
  async take(): Promise<readonly FoundTemplate[]> {
    const places = this.#pending.splice(0);
    const texts = this.#texts.splice(0);
    const found: FoundTemplate[] = [];
    for (const [index, place] of places.entries()) {
      found.push({ ...place, template: await parseTemplate(texts[index] ?? '') });
    }
    return found;
  }
}

function itemOf(wanted: Wanted | null, index: number): Wanted | null {
  if (wanted === null) return null;
  const schemas = wanted.schemas.flatMap((schema) => schema.prefixItems?.[index] ?? schema.items ?? []);
  return schemas.length === 0
    ? null
    : { ...wanted, schemas: schemas.flatMap((schema) => alternatives(schema, wanted.root)) };
}

function fieldOf(wanted: Wanted | null, key: string): Wanted | null {
  if (wanted === null) return null;
  const found = fieldSchemas(wanted.schemas, wanted.root, key);
  return found.kind === 'found' ? { ...wanted, schemas: found.schemas } : null;
}

/** Where a piece of a template stands in the file, as exactly as the way it is written allows. */
export function locate(found: FoundTemplate, span: Span, fileText: string): Place {
  const { node, shift } = found;
  const raw = fileText.slice(node.start, node.end);
  const text = found.template.text.slice(shift, shift === 0 ? undefined : -3);
  const start = span.start - shift;
  const end = span.end - shift;
  const whole = raw.indexOf(text);
  if (whole >= 0) return { start: node.start + whole + start, end: node.start + whole + end };
  const opening = text.lastIndexOf('${{', start);
  if (opening < 0) return node;
  const count = text.slice(0, opening).split('${{').length;
  const rawOpening = raw.split('${{').slice(0, count).join('${{').length;
  const same = raw.slice(rawOpening, rawOpening + end - opening) === text.slice(opening, end);
  if (same) return { start: node.start + rawOpening + start - opening, end: node.start + rawOpening + end - opening };
  return { start: node.start + rawOpening, end: node.start + rawOpening + 3 };
}
