/**
 * Reads Packages, the list of all packages of one component for one architecture. Some are 75 MB long, and some hundred
 * packages of them are wanted: so the text is scanned once, kept without the fields that nobody asks for, and a
 * package's fields are taken apart when it is looked at.
 */

import { SortedTable } from './sorted-table.ts';

/** All that a selection needs to know of a package. */
const wanted = [
  ...['Package', 'Version', 'Architecture', 'Multi-Arch', 'Priority', 'Section', 'Essential'],
  ...['Depends', 'Pre-Depends', 'Provides', 'Conflicts', 'Breaks', 'Filename', 'Size', 'SHA256'],
] as const;
/** With their colons, by the code of their first character. */
const wantedByStart = new Map(
  Object.entries(Object.groupBy(wanted, (name) => name.charCodeAt(0))).map(([code, names = []]) => [
    Number(code),
    names.map((name) => `${name}:`),
  ]),
);
/** Priorities that a variant of a base goes by. */
const basic: ReadonlySet<string> = new Set(['required', 'important']);

/** In the place of a priority. */
const essential = 'essential';

/** Small enough that what is thrown away goes soon. */
const blockBytes = 256 * 1024;

export type Stanza = ReadonlyMap<string, string>;

/** Where everything is in the parts of an index. */
export interface PackagesTable {
  /** Length of each part. */
  readonly blocks: readonly number[];
  /** Names of the packages of a basic priority, and of those that are essential. */
  readonly basic: readonly (readonly [priority: string, names: readonly string[]])[];
  /** Of `SortedTable`. */
  readonly places: Buffer;
  /** Of `SortedTable`. */
  readonly providers: Buffer;
}

export class PackagesIndex {
  /** Off the heap, which would grow to twice their size. */
  readonly #blocks: Buffer[] = [];
  /** Where a package's stanzas begin, by its name: nearly always one, so an array is made only for more. */
  readonly #places = new Map<string, number | number[]>();
  /** Names of the packages of a basic priority, and of those that are essential. */
  readonly #basic = new Map<string, Set<string>>();
  readonly #providers = new Map<string, string[]>();
  /** In the place of the two maps, where the index was kept. */
  #kept: { readonly places: SortedTable; readonly providers: SortedTable } | null = null;
  /** What has come and is not taken yet. */
  #buffer = Buffer.allocUnsafe(2 * blockBytes);
  #filled = 0;

  names(): Iterable<string> {
    return this.#kept?.places.names() ?? this.#places.keys();
  }

  /** Names of packages that have a version with that priority. */
  ofPriority(priority: string): ReadonlySet<string> {
    return this.#basic.get(priority) ?? new Set();
  }

  /** Names of packages that have an essential version. */
  essential(): ReadonlySet<string> {
    return this.#basic.get(essential) ?? new Set();
  }

  /** Names of the packages that say that they provide something, whatever version of it. */
  providersOf(name: string): readonly string[] {
    return this.#providers.get(name) ?? this.#kept?.providers.find(name)?.split(' ') ?? [];
  }

  /** One for each version of the package that the index has, in its order. */
  stanzas(name: string): readonly Stanza[] {
    const kept = this.#kept?.places.find(name)?.split(' ').map(Number);
    const places = this.#places.get(name) ?? kept ?? [];
    return (typeof places === 'number' ? [places] : places).map((place) => {
      const block = this.#blocks[Math.floor(place / 2 ** 32)] ?? Buffer.alloc(0);
      const start = place % 2 ** 32;
      const end = block.indexOf('\n\n', start, 'latin1');
      return fieldsOf(block.toString('latin1', start, end < 0 ? undefined : end));
    });
  }

  /** What was kept, in parts; together they are an index again, for `PackagesIndex.of`, with the `table` of it. */
  parts(): readonly Buffer[] {
    return this.#blocks;
  }

  /** Of an index that was read: where everything is in the parts. Whoever has it need not read them. */
  table(): PackagesTable {
    return {
      blocks: this.#blocks.map(({ length }) => length),
      basic: [...this.#basic].map(([priority, names]) => [priority, [...names]]),
      places: SortedTable.linesOf([...this.#places].map(([name, places]) => [name, [places].flat().join(' ')])),
      providers: SortedTable.linesOf([...this.#providers].map(([name, names]) => [name, names.join(' ')])),
    };
  }

  /** Takes the next part of the text, cut anywhere. */
  push(bytes: Buffer): void {
    if (this.#filled + bytes.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#filled + bytes.length));
      this.#buffer.copy(larger, 0, 0, this.#filled);
      this.#buffer = larger;
    }
    this.#filled += bytes.copy(this.#buffer, this.#filled);
    if (this.#filled < blockBytes) return;
    const cut = this.#buffer.subarray(0, this.#filled).lastIndexOf('\n\n') + 2;
    if (cut < 2) return;
    // One byte for a character: what is kept is ASCII, but for archives that are broken.
    this.#keep(Buffer.from(withoutUnwanted(this.#buffer.toString('latin1', 0, cut)), 'latin1'));
    this.#buffer.copyWithin(0, cut, this.#filled);
    this.#filled -= cut;
  }

  /** To be called after the last part. */
  end(): this {
    this.#keep(Buffer.from(withoutUnwanted(this.#buffer.toString('latin1', 0, this.#filled)), 'latin1'));
    this.#buffer = Buffer.alloc(0);
    this.#filled = 0;
    return this;
  }

  /** The index of what `parts()` gave, joined. It keeps the bytes. */
  static of(bytes: Buffer, { blocks, places, basic: priorities, providers }: PackagesTable): PackagesIndex {
    const index = new PackagesIndex();
    let start = 0;
    for (const length of blocks) {
      index.#blocks.push(bytes.subarray(start, start + length));
      start += length;
    }
    for (const [priority, names] of priorities) index.#basic.set(priority, new Set(names));
    index.#kept = { places: new SortedTable(places), providers: new SortedTable(providers) };
    return index;
  }

  /** Notes where each stanza is. What is remembered is cut out of the bytes: a slice of the text would hold all of it. */
  #keep(block: Buffer): void {
    const text = block.toString('latin1');
    const base = this.#blocks.push(block) * 2 ** 32 - 2 ** 32;
    const valueAt = (start: number): string => {
      const colon = text.indexOf(':', start) + 1;
      return block.toString('latin1', colon, endOfField(text, start)).trim();
    };
    let [priorityAt, providesAt, essentialAt] = [-1, -1, -1];
    for (let start = 0; start < text.length;) {
      const end = indexOrEnd(text, '\n\n', start);
      if (priorityAt < start) priorityAt = indexOrEnd(text, '\nPriority:', start);
      if (providesAt < start) providesAt = indexOrEnd(text, '\nProvides:', start);
      if (essentialAt < start) essentialAt = indexOrEnd(text, '\nEssential:', start);
      const nameAt = text.startsWith('Package:', start) ? start : indexOrEnd(text, '\nPackage:', start) + 1;
      if (nameAt < end) {
        const name = valueAt(nameAt);
        this.#register(name, base + start);
        if (priorityAt < end) this.#setPriority(name, valueAt(priorityAt + 1));
        if (essentialAt < end && valueAt(essentialAt + 1) === 'yes') this.#mark(name, essential);
        if (providesAt < end) this.#setProvides(name, valueAt(providesAt + 1));
      }
      start = end + 2;
    }
  }

  #register(name: string, place: number): void {
    const known = this.#places.get(name);
    if (known === undefined) this.#places.set(name, place);
    else if (typeof known === 'number') this.#places.set(name, [known, place]);
    else known.push(place);
  }

  #setPriority(name: string, priority: string): void {
    if (basic.has(priority)) this.#mark(name, priority);
  }

  #mark(name: string, what: string): void {
    const names = this.#basic.get(what) ?? new Set();
    this.#basic.set(what, names.add(name));
  }

  #setProvides(name: string, field: string): void {
    for (const part of field.split(',')) {
      const virtual = /^[^\s:(]*/u.exec(part.trim())?.[0] ?? '';
      if (virtual === '') continue;
      const providers = this.#providers.get(virtual);
      if (providers === undefined) this.#providers.set(virtual, [name]);
      else if (providers.at(-1) !== name) providers.push(name);
    }
  }
}

/** The first place at or after `from`; the end of the text when there is none. */
function indexOrEnd(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at < 0 ? text.length : at;
}

/** Where the field that begins there ends, with the lines that it goes on for. */
function endOfField(text: string, start: number): number {
  let end = indexOrEnd(text, '\n', start);
  while (text.charCodeAt(end + 1) === 32 || text.charCodeAt(end + 1) === 9) end = indexOrEnd(text, '\n', end + 1);
  return end;
}

/** The stanzas of a text without the fields that nobody asks for, each with a blank line after it. */
function withoutUnwanted(text: string): string {
  const kept: string[] = [];
  let from = 0;
  let isWanted = false;
  let isEmpty = true;
  for (let start = 0; start < text.length;) {
    const end = indexOrEnd(text, '\n', start);
    const first = text.charCodeAt(start);
    const isIndented = first === 32 || first === 9;
    const isBlank = end === start || (isIndented && text.slice(start, end).trim() === '');
    if (isBlank || !isIndented) {
      const wasWanted = isWanted;
      isWanted = !isBlank && isWantedAt(text, start, first);
      // Neighbours are kept with one slice.
      if (wasWanted && !isWanted) kept.push(text.slice(from, start));
      if (!wasWanted && isWanted) from = start;
      if (isBlank && !isEmpty) kept.push('\n');
      isEmpty = isBlank || (isEmpty && !isWanted);
    }
    start = end + 1;
  }
  if (isWanted) kept.push(text.slice(from), text.endsWith('\n') ? '' : '\n');
  if (!isEmpty) kept.push('\n');
  return kept.join('');
}

/** Without making a string of each name: most lines are not wanted. */
function isWantedAt(text: string, start: number, first: number): boolean {
  const names = wantedByStart.get(first);
  return names !== undefined && names.some((name) => text.startsWith(name, start));
}

/** Fields of one stanza; lines that go on are joined. The first of two with one name counts. */
function fieldsOf(stanza: string): Stanza {
  const fields = new Map<string, string>();
  for (const line of stanza.replace(/\n[ \t]+/gu, ' ').split('\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon > 0 && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}
