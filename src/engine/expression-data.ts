/** JSON values in the form that the expression library works on, with names looked up as they are written. */
import { data } from '@actions/expressions';
import type { Json } from './step.ts';
import type { ExpressionContext } from './template.ts';

type FunctionDefinition = {
  readonly name: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly call: (...args: data.ExpressionData[]) => data.ExpressionData;
};

/** Own fields only, and case matters; turned into library values when they are looked at. */
class JsonDictionary extends data.Dictionary {
  readonly #source: Readonly<Record<string, Json>>;
  readonly #turned = new Map<string, data.ExpressionData>();

  constructor(source: Readonly<Record<string, Json>>) {
    super();
    this.#source = source;
  }

  override get(key: string): data.ExpressionData | undefined {
    if (!Object.hasOwn(this.#source, key)) return undefined;
    const known = this.#turned.get(key);
    if (known !== undefined) return known;
    const value = toData(this.#source[key] ?? null);
    this.#turned.set(key, value);
    return value;
  }

  override values(): data.ExpressionData[] {
    return this.pairs().map((pair) => pair.value);
  }

  override pairs(): { key: string; value: data.ExpressionData }[] {
    return Object.keys(this.#source).map((key) => ({ key, value: this.get(key) ?? new data.Null() }));
  }

  json(): Json {
    return this.#source;
  }
}

function toData(value: Json): data.ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (Array.isArray(value)) {
    const list = new data.Array();
    for (const item of value as readonly Json[]) list.add(toData(item));
    return list;
  }
  return new JsonDictionary(value as Readonly<Record<string, Json>>);
}

export function contextData(context: ExpressionContext): data.Dictionary {
  return new JsonDictionary(context as unknown as Readonly<Record<string, Json>>);
}

/** Throws for a number that JSON has no form for. */
export function toJsonValue(value: data.ExpressionData): Json {
  if (value instanceof JsonDictionary) return value.json();
  switch (value.kind) {
    case data.Kind.Null:
      return null;
    case data.Kind.Array:
      return value.values().map(toJsonValue);
    case data.Kind.Dictionary:
      return Object.fromEntries(value.pairs().map((pair) => [pair.key, toJsonValue(pair.value)]));
    case data.Kind.Number:
      if (!Number.isFinite(value.value)) throw new Error(`it gives ${value.value}, which is not a value`);
      return value.value;
    case data.Kind.String:
    case data.Kind.Boolean:
      return value.value;
    default:
      throw new Error('it gives something that is not a value');
  }
}

/** In place of the library's own two, which lose fields called "constructor" and fold case. */
export const functions: Map<string, FunctionDefinition> = new Map(
  [
    {
      name: 'fromJSON',
      minArgs: 1,
      maxArgs: 1,
      call: (value?: data.ExpressionData) => toData(parseJson(value?.coerceString() ?? '')),
    },
    {
      name: 'toJSON',
      minArgs: 1,
      maxArgs: 1,
      call: (value?: data.ExpressionData) =>
        new data.StringData(JSON.stringify(toJsonValue(value ?? new data.Null()), null, 2)),
    },
  ].map((definition) => [definition.name.toLowerCase(), definition]),
);

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`fromJSON got a text that is not JSON: ${text.length > 40 ? `${text.slice(0, 40)}…` : text}`, {
      cause: error,
    });
  }
}
