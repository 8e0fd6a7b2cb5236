/** Reads the fields of one map of a pipeline file; whatever is not asked for is an unknown key. */
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import { parseDuration } from '../model/duration.ts';
import type { Faults, Path, Place } from './pipeline-faults.ts';
import type { YamlEntry, YamlMap, YamlNode } from './yaml-tree.ts';

export class MapReader {
  readonly faults: Faults;
  readonly path: Path;
  readonly #map: YamlMap;
  /** "step 'base'", for messages. */
  readonly #what: string;
  /** Keys that an unknown key was taken for: that they are missing needs no second fault. */
  readonly #meant = new Set<string>();

  constructor(map: YamlMap, what: string, path: Path, known: readonly string[], faults: Faults) {
    this.#map = map;
    this.#what = what;
    this.path = path;
    this.faults = faults;
    for (const { key, keyPlace } of map.entries.values()) {
      if (known.includes(key)) continue;
      const near = faults.nearest(
        key,
        known.filter((name) => !map.entries.has(name)),
      );
      if (near !== null) this.#meant.add(near);
      const hint = near === null ? `there are ${known.join(', ')}` : `did you mean '${near}'?`;
      faults.add(keyPlace, 'unknown-key', [...path, key], `unknown key '${key}' in ${what}`, hint);
    }
  }

  get place(): Place {
    const first = this.#map.entries.values().next().value;
    return first?.keyPlace ?? this.#map;
  }

  entry(key: string): YamlEntry | undefined {
    return this.#map.entries.get(key);
  }

  /** The value of a key that has to be there. */
  required(key: string): YamlNode | undefined {
    const found = this.#map.entries.get(key);
    if (found !== undefined) return found.value;
    if (!this.#meant.has(key)) {
      this.faults.add(this.place, 'missing-key', [...this.path, key], `${this.#what} has no '${key}'`);
    }
    return undefined;
  }

  refuse(place: Place, code: string, key: string, message: string, hint: string | null = null): void {
    this.faults.add(place, code, [...this.path, key], `${key}: ${message}`, hint);
  }

  /** A text as it is written, so that 22.10 stays "22.10". */
  text(key: string, node = this.#map.entries.get(key)?.value): string | undefined {
    if (node === undefined) return undefined;
    if (node.kind !== 'scalar' || node.value === null) {
      this.refuse(node, 'type', key, `${nameOf(node)} is not a text`);
      return undefined;
    }
    return typeof node.value === 'string' ? node.value : node.source;
  }

  /** One line that says something. */
  line(key: string, node = this.#map.entries.get(key)?.value): string | undefined {
    const text = this.text(key, node);
    if (text === undefined || node === undefined) return undefined;
    if (text.trim() !== '' && !/[\r\n]/u.test(text)) return text;
    this.refuse(node, 'value', key, text.trim() === '' ? 'the text is empty' : 'this is more than one line');
    return undefined;
  }

  boolean(key: string): boolean | undefined {
    const node = this.#map.entries.get(key)?.value;
    if (node === undefined) return undefined;
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    this.refuse(node, 'type', key, `${nameOf(node)} is neither true nor false`);
    return undefined;
  }

  integer(key: string, min: number, max: number): number | undefined {
    const node = this.#map.entries.get(key)?.value;
    if (node === undefined) return undefined;
    const value = node.kind === 'scalar' ? node.value : null;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    this.refuse(node, 'value', key, `${nameOf(node)} is not a whole number from ${min} to ${max}`);
    return undefined;
  }

  /** Milliseconds. */
  duration(key: string): number | undefined {
    const node = this.#map.entries.get(key)?.value;
    const text = this.text(key);
    if (node === undefined || text === undefined) return undefined;
    try {
      const durationMs = parseDuration(text);
      if (durationMs > 0) return durationMs;
      this.refuse(node, 'duration', key, `'${text}' is no time at all`);
    } catch (error) {
      if (!MachinespawnError.is(error)) throw error;
      this.refuse(node, 'duration', key, error.message, error.hint ?? null);
    }
    return undefined;
  }

  /** Texts with their nodes; one text stands for a list of it. */
  texts(key: string): readonly { readonly text: string; readonly node: YamlNode }[] | undefined {
    const node = this.#map.entries.get(key)?.value;
    if (node === undefined) return undefined;
    const nodes = node.kind === 'list' ? node.items : [node];
    return nodes.flatMap((item) => {
      const text = this.text(key, item);
      return text === undefined ? [] : [{ text, node: item }];
    });
  }

  /** The map under a key; null where something else stands. */
  map(key: string): YamlMap | null | undefined {
    const node = this.#map.entries.get(key)?.value;
    if (node === undefined || node.kind === 'map') return node;
    this.refuse(node, 'type', key, `${nameOf(node)} is not a map of names and values`);
    return null;
  }
}

/** How a message calls a value. */
export function nameOf(node: YamlNode): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'nothing';
  const text = typeof node.value === 'string' ? node.value : node.source;
  return `'${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`;
}
