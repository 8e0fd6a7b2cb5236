/** What is wrong with a pipeline file: collected, so that all of it is said at once. */
import { TextLines } from './text-lines.ts';
import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import { nearest } from '../model/nearest.ts';

/** One row of `pipeline validate --format json`, with the line that a terminal shows. */
export interface PipelineFault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly endColumn: number;
  readonly severity: 'error';
  /** Kind of fault, such as "unknown-key". */
  readonly code: string;
  /** Keys down to the place, with dots: "steps.0.uses". */
  readonly path: string;
  readonly message: string;
  readonly hint: string | null;
  readonly text: string;
}

export type Path = readonly (string | number)[];

export interface Place {
  /** Offsets in the file. */
  readonly start: number;
  readonly end: number;
}

/** Where one of these was found, the value is not what was written: nothing more is said about it. */
const settling: readonly string[] = ['tag', 'alias', 'value-form', 'too-deep'];
const maxFaults = 200;
/** Looking for the nearest word costs; a file that is wrong everywhere needs no further suggestions. */
const maxSuggestions = 30;

export class Faults {
  readonly #file: string;
  readonly #lines: TextLines;
  readonly #found: PipelineFault[] = [];
  readonly #settled = new Set<number>();
  #dropped = 0;
  #suggestions = 0;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#lines = new TextLines(text);
  }

  add(place: Place, code: string, path: Path, message: string, hint: string | null = null): void {
    if (this.#settled.has(place.start)) return;
    if (settling.includes(code)) this.#settled.add(place.start);
    if (this.#found.length >= maxFaults) {
      this.#dropped += 1;
      return;
    }
    const { line, column } = this.#lines.at(place.start);
    const end = this.#lines.at(Math.max(place.end, place.start));
    const endColumn = end.line === line ? Math.max(end.column, column + 1) : column + 1;
    const text = `${this.#file}:${line}:${column} ${message}${hint === null ? '' : ` (${hint})`}`;
    const where = path.join('.');
    this.#found.push({
      file: this.#file,
      line,
      column,
      endColumn,
      severity: 'error',
      code,
      path: where,
      message,
      hint,
      text,
    });
  }

  /** "did you mean 'uses'?", or null. */
  suggest(word: string, candidates: Iterable<string>): string | null {
    const near = this.nearest(word, candidates);
    return near === null ? null : `did you mean '${near}'?`;
  }

  nearest(word: string, candidates: Iterable<string>): string | null {
    if (word.length < 2 || word.length > 64 || this.#suggestions >= maxSuggestions) return null;
    this.#suggestions += 1;
    const reach = Math.max(1, Math.floor(word.length / 3));
    return nearest(
      word,
      [...candidates].filter((candidate) => Math.abs(candidate.length - word.length) <= reach),
    );
  }

  lineOf(offset: number): number {
    return this.#lines.at(offset).line;
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  /** MSP_PIPELINE_INVALID with all of them, in the order of the file. */
  error(): MachinespawnError {
    const faults = this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const last = faults.at(-1);
    if (this.#dropped > 0 && last !== undefined) {
      const message = `and ${this.#dropped} more`;
      faults.push({ ...last, code: 'more', message, hint: null, text: `${this.#file}: ${message}` });
    }
    return fail('MSP_PIPELINE_INVALID', { faults });
  }
}
