/** The `matrix` of a pipeline file. What its expressions give is known only with the inputs. */
import { MapReader, nameOf } from './map-reader.ts';
import type { MatrixSpec } from './matrix.ts';
import type { Faults, Path } from './pipeline-faults.ts';
import { nameForm } from './pipeline-inputs.ts';
import type { ValueReader } from './pipeline-values.ts';
import type { Json } from './step.ts';
import { cutTemplate, mayHoldExpression } from './template.ts';
import type { YamlMap, YamlNode } from './yaml-tree.ts';

const settings = ['include', 'exclude', 'max-parallel', 'fail-fast'] as const;

export interface ReadMatrix {
  readonly spec: MatrixSpec;
  /** What `matrix.NAME` may name. */
  readonly names: ReadonlySet<string>;
}

/** Expressions are noted with `values`, to be checked by whoever knows the inputs. */
export function readMatrix(map: YamlMap, values: ValueReader, faults: Faults): ReadMatrix {
  const path = ['matrix'];
  const axisNames = [...map.entries.keys()].filter((key) => !(settings as readonly string[]).includes(key));
  const reader = new MapReader(map, "'matrix'", path, [...settings, ...axisNames], faults);
  const axes: Record<string, Json> = {};
  for (const name of axisNames) {
    const entry = map.entries.get(name);
    if (entry === undefined) continue;
    if (!nameForm.test(name))
      faults.add(
        entry.keyPlace,
        'name',
        [...path, name],
        `'${name}' cannot be the name of an axis`,
        'such as image, or arch',
      );
    axes[name] = readAxis(name, entry.value, [...path, name], values, faults);
  }
  const include = readCombinations(reader, 'include', values);
  const exclude = readCombinations(reader, 'exclude', values);
  for (const { node, value } of exclude) {
    for (const key of Object.keys(value)) {
      if (axisNames.includes(key) || node.kind !== 'map') continue;
      const place = node.entries.get(key)?.keyPlace ?? node;
      faults.add(
        place,
        'unknown-name',
        [...path, 'exclude'],
        `exclude: there is no axis '${key}'`,
        faults.suggest(key, axisNames),
      );
    }
  }
  if (axisNames.length === 0 && include.length === 0)
    faults.add(map, 'value', path, 'the matrix has no axis', 'such as arch: [amd64, arm64]');
  const spec = {
    axes,
    include: include.map(({ value }) => value),
    exclude: exclude.map(({ value }) => value),
    maxParallel: reader.integer('max-parallel', 1, 10_000) ?? null,
    failFast: reader.boolean('fail-fast') ?? true,
  };
  return { spec, names: new Set([...axisNames, ...include.flatMap(({ value }) => Object.keys(value))]) };
}

function readAxis(name: string, node: YamlNode, path: Path, values: ValueReader, faults: Faults): Json {
  if (node.kind === 'list') {
    if (node.items.length === 0) faults.add(node, 'value', path, `${name}: the list is empty`);
    return node.items.map((item, index) => readValue(item, [...path, index], values));
  }
  const text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value.trim() : '';
  const [part, ...more] = mayHoldExpression(text) ? cutTemplate(text) : [];
  if (part?.kind === 'raw' && more.length === 0) return readValue(node, path, values);
  faults.add(node, 'type', path, `${name}: ${nameOf(node)} is not a list of values`, `write ${name}: [a, b]`);
  return [];
}

function readCombinations(
  reader: MapReader,
  key: 'include' | 'exclude',
  values: ValueReader,
): readonly { readonly node: YamlNode; readonly value: Readonly<Record<string, Json>> }[] {
  const node = reader.entry(key)?.value;
  if (node === undefined) return [];
  if (node.kind !== 'list') {
    reader.refuse(node, 'type', key, `${nameOf(node)} is not a list of maps`);
    return [];
  }
  return node.items.flatMap((item, index) => {
    const path = [...reader.path, key, index];
    if (item.kind === 'map' && item.entries.size > 0)
      return [{ node: item, value: readValue(item, path, values) as Readonly<Record<string, Json>> }];
    reader.refuse(
      item,
      'type',
      key,
      `${item.kind === 'map' ? 'an empty map' : nameOf(item)} is not a map of axes and values`,
    );
    return [];
  });
}

/** Whole numbers stay numbers; what YAML would turn into another number, such as 22.10, stays as it is written. */
function readValue(node: YamlNode, path: Path, values: ValueReader): Json {
  if (node.kind === 'list') return node.items.map((item, index) => readValue(item, [...path, index], values));
  if (node.kind === 'map')
    return Object.fromEntries(
      [...node.entries.values()].map(({ key, value }) => [key, readValue(value, [...path, key], values)]),
    );
  if (typeof node.value === 'string') {
    if (mayHoldExpression(node.value)) values.note(node.value, { node, path, target: null, shift: 0 });
    return node.value;
  }
  if (typeof node.value !== 'number') return node.value;
  return Number.isSafeInteger(node.value) && String(node.value) === node.source ? node.value : node.source;
}
