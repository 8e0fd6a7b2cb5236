/** YAML as a plain tree of values with their places; what YAML allows and a pipeline does not is a fault. */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node, type YAMLParseError } from 'yaml';
import type { Faults, Path, Place } from './pipeline-faults.ts';

export interface YamlEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: YamlNode;
}
export interface YamlMap extends Place {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, YamlEntry>;
}
export interface YamlList extends Place {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}
export interface YamlScalar extends Place {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it is written, for what is not a text: "22.10" where the value is 22.1. */
  readonly source: string;
}
export type YamlNode = YamlMap | YamlList | YamlScalar;

const maxLength = 4 * 1024 * 1024;
const maxDepth = 64;
const tooDeep = `the file nests deeper than ${maxDepth} levels`;
const phrases: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'there is more than one document in the file',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
};
/** What aliases may add to a file, in values. */
const maxAliased = 10_000;

/** Null when the text is no YAML at all; the faults then say why. */
export function readYamlTree(text: string, faults: Faults): YamlNode | null {
  const whole = { start: 0, end: 1 };
  if (text.length > maxLength) return refuse('too-large', `the file is larger than ${maxLength} characters`);
  if (nestsTooDeep(text)) return refuse('too-deep', tooDeep);
  let document;
  try {
    // Duplicate keys are looked for below: the parser compares all keys with all others.
    document = parseDocument(text, {
      strict: true,
      uniqueKeys: false,
      prettyErrors: false,
      version: '1.2',
      schema: 'core',
    });
  } catch (error) {
    return refuse('yaml', `the file cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  addSyntaxFaults(document.errors, faults);
  if (document.errors.length > 0) return null;
  if (document.contents === null) return refuse('empty', 'the file is empty');
  return new TreeReader(faults).read(document.contents, [], 0).node;

  function refuse(code: string, message: string): null {
    faults.add(whole, code, [], message);
    return null;
  }
}

/** The parser says some things once per level of nesting, and gives its own failures as faults of the file. */
function addSyntaxFaults(errors: readonly YAMLParseError[], faults: Faults): void {
  const said = new Set<string>();
  for (const { pos, code, message } of errors) {
    const place = { start: pos[0], end: pos[1] };
    const [first = message] = message.split('\n');
    const text =
      phrases[code] ?? (/call stack/iu.test(first) ? tooDeep : first.charAt(0).toLowerCase() + first.slice(1));
    const once = text === tooDeep ? text : `${pos[0]} ${text}`;
    if (said.has(once)) continue;
    said.add(once);
    faults.add(place, text === tooDeep ? 'too-deep' : 'yaml', [], text);
  }
}

/** A cheap look before the parser, whose time grows with the square of the depth. */
function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (const letter of text) {
    if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth = Math.max(0, depth - 1);
    if (depth > maxDepth * 8) return true;
  }
  return false;
}

interface Sized {
  readonly node: YamlNode;
  /** Values in it, those of aliases counted each time. */
  readonly size: number;
}

class TreeReader {
  readonly #faults: Faults;
  /** The latest value of each anchor; null while it is being read. */
  readonly #anchors = new Map<string, Sized | null>();
  #aliased = 0;
  #tooDeep = false;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  read(node: unknown, path: Path, depth: number, near?: Place): Sized {
    if (isAlias(node)) return this.#readAlias(node.source, placeOf(node), path);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, null);
    const read = this.#readNode(node, path, depth, near);
    if (anchor !== undefined) this.#anchors.set(anchor, read);
    return read;
  }

  #readNode(node: unknown, path: Path, depth: number, near?: Place): Sized {
    const place = placeOf(node as Node | null, near);
    if (depth > maxDepth) {
      if (!this.#tooDeep) this.#faults.add(place, 'too-deep', path, tooDeep);
      this.#tooDeep = true;
      return nothing(place);
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.tag !== undefined) {
      this.#faults.add(place, 'tag', path, `the tag ${node.tag} means nothing here`);
      return nothing(place);
    }
    if (isMap(node)) return this.#readMap(node.items, place, path, depth);
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.read(item, [...path, index], depth + 1, place));
      const size = items.reduce((sum, item) => sum + item.size, 1);
      return { node: { kind: 'list', ...place, items: items.map((item) => item.node) }, size };
    }
    return isScalar(node) ? this.#readScalar(node.value, node.source, place, path) : nothing(place);
  }

  #readScalar(value: unknown, source: string | undefined, place: Place, path: Path): Sized {
    const isValue = typeof value === 'string' || typeof value === 'boolean' || value === null;
    if (isValue || (typeof value === 'number' && Number.isFinite(value))) {
      return { node: { kind: 'scalar', ...place, value, source: source ?? String(value) }, size: 1 };
    }
    this.#faults.add(place, 'value-form', path, `${source ?? 'this'} is not a value`);
    return nothing(place);
  }

  #readMap(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    place: Place,
    path: Path,
    depth: number,
  ): Sized {
    const entries = new Map<string, YamlEntry>();
    let size = 1;
    for (const { key, value } of pairs) {
      const keyPlace = placeOf(key as Node | null, place);
      const name = isScalar(key) ? keyName(key.value, key.source) : null;
      if (name === null) {
        this.#faults.add(keyPlace, 'key', path, 'a key is a plain text');
        continue;
      }
      const before = entries.get(name);
      if (before !== undefined) {
        const line = this.#faults.lineOf(before.keyPlace.start);
        this.#faults.add(
          keyPlace,
          'duplicate-key',
          [...path, name],
          `the key '${name}' is there twice (first at line ${line})`,
        );
        continue;
      }
      const read = this.read(value, [...path, name], depth + 1, keyPlace);
      size += read.size;
      entries.set(name, { key: name, keyPlace, value: read.node });
    }
    return { node: { kind: 'map', ...place, entries }, size };
  }

  #readAlias(name: string, place: Place, path: Path): Sized {
    const target = this.#anchors.get(name);
    if (target === null) {
      this.#faults.add(place, 'alias', path, `the alias *${name} stands inside what it refers to`);
      return nothing(place);
    }
    if (target === undefined) {
      this.#faults.add(place, 'alias', path, `there is no anchor &${name} before this alias`);
      return nothing(place);
    }
    const before = this.#aliased;
    this.#aliased += target.size;
    if (this.#aliased <= maxAliased) return target;
    if (before <= maxAliased) {
      this.#faults.add(place, 'alias', path, `the aliases grow to more than ${maxAliased} values`);
    }
    return nothing(place);
  }
}

function keyName(value: unknown, source: string | undefined): string | null {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? null : (source ?? null);
}

function nothing(place: Place): Sized {
  return { node: { kind: 'scalar', ...place, value: null, source: '' }, size: 1 };
}

function placeOf(node: Node | null | undefined, otherwise: Place = { start: 0, end: 1 }): Place {
  const range = node?.range;
  return range ? { start: range[0], end: range[1] } : otherwise;
}
