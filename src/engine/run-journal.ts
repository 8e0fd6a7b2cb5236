/** A run's journal while it is open: compute the next state, refuse what is illegal, append and sync, then adopt. */
import type { Clock, JournalWriter } from './ports.ts';
import { encodeEntry, type JournalBody, type JournalEntry } from './journal.ts';
import type { SecretMask } from './secret-mask.ts';
import { applyEntry, isLegal, type RunRecord, type StepRecord } from './run-state.ts';

export class RunJournal {
  readonly record: RunRecord;
  readonly #writer: JournalWriter;
  readonly #clock: Clock;
  readonly #runId: string;
  readonly #mask: SecretMask;
  #seq: number;
  /** Lines that wait for the next entry that must be durable. */
  #held = '';
  /** Set when an append failed: a torn line may stand at the end, and nothing may follow it. */
  #broken: unknown = null;

  constructor(parts: {
    record: RunRecord;
    writer: JournalWriter;
    clock: Clock;
    runId: string;
    seq: number;
    mask: SecretMask;
  }) {
    this.record = parts.record;
    this.#writer = parts.writer;
    this.#clock = parts.clock;
    this.#runId = parts.runId;
    this.#seq = parts.seq;
    this.#mask = parts.mask;
  }

  step(id: string): StepRecord {
    const step = this.record.steps.get(id);
    if (step === undefined) throw new TypeError(`step '${id}' is not in the plan`);
    return step;
  }

  /**
   * Durable when it returns. One append for all of them; at most one entry for each step.
   * Throws what the writer throws, and then nothing is adopted.
   */
  commit(...bodies: readonly JournalBody[]): void {
    if (bodies.length === 0) return;
    this.#adopt(bodies, (text) => this.#write(this.#held + text));
  }

  /** What a run that lost it would only find again, as nothing was changed: written with the next that is durable. */
  note(body: JournalBody): void {
    this.#adopt([body], (text) => {
      this.#held += text;
    });
  }

  close(): void {
    this.#writer.close();
  }

  #adopt(bodies: readonly JournalBody[], keep: (text: string) => void): void {
    if (this.#broken !== null) throw this.#broken;
    const ts = this.#clock.now();
    const entries = bodies.map((body, index): JournalEntry => ({
      ...this.#mask.record(body),
      seq: this.#seq + index,
      ts,
    }));
    for (const entry of entries) {
      if (!isLegal(this.record, entry))
        throw new TypeError(`illegal event for the run's state: ${JSON.stringify(entry)}`);
    }
    keep(entries.map(encodeEntry).join(''));
    this.#seq += entries.length;
    for (const entry of entries) applyEntry(this.record, entry, this.#runId);
  }

  #write(text: string): void {
    try {
      this.#writer.append(text);
    } catch (error) {
      this.#broken = error;
      throw error;
    }
    this.#held = '';
  }
}
