/** A table of names that is searched where it lies: to make a Map of sixty thousand of them takes longer than all that is asked of it. */

const [tab, lineEnd] = [9, 10];

export class SortedTable {
  readonly #lines: Buffer;

  /** @param lines as `SortedTable.linesOf` made them; they are kept */
  constructor(lines: Buffer) {
    this.#lines = lines;
  }

  /** Names and values are ASCII without tabs and line ends. */
  static linesOf(entries: Iterable<readonly [name: string, value: string]>): Buffer {
    const sorted = [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
    return Buffer.from(sorted.map(([name, value]) => `${name}\t${value}\n`).join(''), 'latin1');
  }

  /** The value; null when there is no such name. */
  find(name: string): string | null {
    const wanted = Buffer.from(name, 'latin1');
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = this.#lines.lastIndexOf(lineEnd, middle - 1) + 1;
      const from = middle === 0 ? 0 : Math.max(start, low);
      const at = this.#lines.indexOf(tab, from);
      const order = wanted.compare(this.#lines, from, at);
      const end = this.#lines.indexOf(lineEnd, at);
      if (order === 0) return this.#lines.toString('latin1', at + 1, end);
      // `compare` says where the table's name stands to the wanted one.
      if (order > 0) low = end + 1;
      else high = from;
    }
    return null;
  }

  names(): readonly string[] {
    const lines = this.#lines.toString('latin1').split('\n').slice(0, -1);
    return lines.map((line) => line.slice(0, line.indexOf('\t')));
  }
}
