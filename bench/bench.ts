/** The contract of a benchmark: a table of ratios, made from several alternating pairs in one run. */

export interface BenchRow {
  readonly what: string;
  /** Cells between `what` and the reach, by the heads of the table. */
  readonly cells: readonly string[];
  /** What is to be reached; null where the row is only for information. */
  readonly reach: string | null;
  readonly isReached: boolean | null;
}

export interface BenchTable {
  readonly title: string;
  readonly heads: readonly string[];
  readonly rows: readonly BenchRow[];
  readonly notes?: readonly string[];
}

export interface BenchSettings {
  /** An empty directory; what is left in it is removed afterwards. */
  readonly work: string;
  /** Alternating pairs; the benchmark's own number otherwise. */
  readonly pairs: number | undefined;
  /** Only rows whose name has this in it, where a benchmark has rows that take long. */
  readonly only?: string | undefined;
  readonly say: (text: string) => void;
}

export interface Bench {
  readonly summary: string;
  readonly needsRoot: boolean;
  run(settings: BenchSettings): Promise<readonly BenchTable[]>;
}

/** A row that is held against an upper limit. */
export function limited(what: string, cells: readonly string[], value: number, limit: number, unit = ''): BenchRow {
  return { what, cells, reach: `≤ ${limit}${unit}`, isReached: value <= limit };
}
