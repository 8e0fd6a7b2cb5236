/** The `inputs` of a pipeline file. */
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import type { InputType, InputTypes } from './input-types.ts';
import { MapReader, nameOf } from './map-reader.ts';
import type { Faults, Path } from './pipeline-faults.ts';
import type { PipelineInput } from './pipeline.ts';
import type { Json } from './step.ts';
import { mayHoldExpression } from './template.ts';
import type { YamlMap, YamlNode } from './yaml-tree.ts';

export const nameForm = /^[a-z][a-zA-Z0-9]*([_-][a-zA-Z0-9]+)*$/u;
const keys = ['type', 'summary', 'default', 'required', 'options'] as const;

/** Inputs that are wrong are left out, with their fault; `names` has all, so that references to them find no second one. */
export function readInputs(
  map: YamlMap,
  types: InputTypes,
  faults: Faults,
): { readonly inputs: readonly PipelineInput[]; readonly names: ReadonlySet<string> } {
  const inputs: PipelineInput[] = [];
  for (const { key, keyPlace, value } of map.entries.values()) {
    const path = ['inputs', key];
    if (!nameForm.test(key))
      faults.add(keyPlace, 'name', path, `'${key}' cannot be the name of an input`, 'such as name, or keep-failed');
    if (value.kind === 'map') inputs.push(...readInput(key, value, path, types, faults));
    else
      faults.add(
        value,
        'type',
        path,
        `input '${key}' is ${nameOf(value)}, not a map`,
        `write ${key}: { type: string, summary: … }`,
      );
  }
  return { inputs, names: new Set(map.entries.keys()) };
}

function readInput(
  name: string,
  map: YamlMap,
  path: Path,
  types: InputTypes,
  faults: Faults,
): readonly PipelineInput[] {
  const reader = new MapReader(map, `input '${name}'`, path, keys, faults);
  const typeNode = reader.required('type');
  const typeName = reader.text('type', typeNode);
  const summary = reader.line('summary', reader.required('summary'));
  const isRequired = reader.boolean('required');
  if (typeName === undefined || typeNode === undefined) return [];
  const plain = typeOfInput(typeName, null, types);
  if (plain === null) {
    const hint = faults.suggest(typeName, Object.keys(types)) ?? `there are ${Object.keys(types).join(', ')}`;
    reader.refuse(typeNode, 'unknown-type', 'type', `there is no input type '${typeName}'`, hint);
    return [];
  }
  const options = readOptions(reader, typeName);
  const type = typeOfInput(typeName, options, types) ?? plain;
  const defaultNode = reader.entry('default')?.value;
  if (isRequired === true && defaultNode !== undefined) {
    reader.refuse(defaultNode, 'value', 'default', 'an input that is required has no default');
  }
  const standard = defaultNode === undefined ? undefined : readDefault(reader, defaultNode, type);
  const required = isRequired ?? defaultNode === undefined;
  return summary === undefined ? [] : [{ name, typeName, type, summary, required, default: standard, options }];
}

/** Null when there is no such type. */
export function typeOfInput(typeName: string, options: readonly string[] | null, types: InputTypes): InputType | null {
  const plain = Object.hasOwn(types, typeName) ? types[typeName] : undefined;
  if (plain === undefined) return null;
  return typeName === 'choice' && options !== null ? choiceOf(options, plain) : plain;
}

function readOptions(reader: MapReader, typeName: string): readonly string[] | null {
  const entry = reader.entry('options');
  if (typeName !== 'choice') {
    if (entry !== undefined)
      reader.refuse(entry.keyPlace, 'unknown-key', 'options', `only an input of type choice has options`);
    return null;
  }
  const node = reader.required('options');
  const options = reader.texts('options')?.map((option) => option.text) ?? [];
  if (node !== undefined && options.length === 0)
    reader.refuse(node, 'value', 'options', 'there is nothing to choose from');
  return options.length === 0 ? null : options;
}

function choiceOf(options: readonly string[], plain: InputType): InputType {
  return {
    ...plain,
    summary: `one of ${options.join(', ')}`,
    parse: (value) => {
      const text = plain.parse(value);
      if (options.some((option) => option === text)) return text;
      throw fail('MSP_USAGE', {
        problem: `${JSON.stringify(text).replaceAll('"', "'")} is not one of ${options.join(', ')}`,
      });
    },
    jsonSchema: { enum: options },
  };
}

function readDefault(reader: MapReader, node: YamlNode, type: InputType): Json | undefined {
  const value = plainValue(node, type.text);
  if (value === null) return null;
  if (mayHoldExpression(JSON.stringify(value))) {
    reader.refuse(node, 'value', 'default', 'a default cannot hold an expression');
    return undefined;
  }
  try {
    return type.parse(value);
  } catch (error) {
    if (!MachinespawnError.is(error)) throw error;
    reader.refuse(node, 'value', 'default', error.message, error.hint ?? null);
    return undefined;
  }
}

function plainValue(node: YamlNode, text: boolean): Json {
  if (node.kind === 'list') return node.items.map((item) => plainValue(item, text));
  if (node.kind === 'map')
    return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainValue(entry.value, text)]));
  return text && node.value !== null && typeof node.value !== 'string' ? node.source : node.value;
}
