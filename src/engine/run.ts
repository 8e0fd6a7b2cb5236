/** Drives one opening of a run: takes ready steps up, journals before and after each effect, and says what happens. */
import { fail, MachinespawnError, type ErrorRecord } from '../errors/machinespawn-error.ts';
import { Claims } from './claims.ts';
import type { RunEventBody } from './events.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { EnginePorts, RunFiles } from './ports.ts';
import { findProducer } from './producers.ts';
import { ReadySet } from './ready-set.ts';
import { RunContext } from './run-context.ts';
import type { RunEndStatus, RunOptions } from './run-options.ts';
import type { RunJournal } from './run-journal.ts';
import { StepTaker, isSettled } from './step-taker.ts';
import type { SecretMask } from './secret-mask.ts';
import type { RunSecrets } from './secrets.ts';
import type { StepRegistry } from './step-registry.ts';
import type { Json } from './step.ts';

export interface RunEnd {
  readonly runId: string;
  readonly status: RunEndStatus;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly error: ErrorRecord | null;
  readonly exitCode: number;
  readonly steps: { readonly total: number; readonly done: number; readonly cached: number };
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
/** Reason of a cancel that no signal asked for. */
const timeUp = 'TIMEOUT';
/** The longest that a timer takes. */
const longestMs = 2 ** 31 - 1;

export class Run<Services> {
  readonly plan: Plan;
  readonly files: RunFiles;
  readonly journal: RunJournal;
  readonly ports: EnginePorts<Services>;
  readonly registry: StepRegistry<Services>;
  readonly options: RunOptions;
  readonly claims = new Claims();
  readonly ready: ReadySet;
  readonly planned: ReadonlyMap<string, PlannedStep>;
  /** What expressions see; outputs are added as steps settle. */
  readonly context: RunContext;
  readonly mask: SecretMask;
  readonly #abort = new AbortController();
  readonly #active = new Set<string>();
  readonly #taker: StepTaker<Services>;
  readonly #startedAt: number;
  #seq = 0;
  #failed: MachinespawnError | null = null;
  #cancelled: string | null = null;
  #fatal: MachinespawnError | null = null;
  #finish: () => void = () => {};

  constructor(parts: {
    plan: Plan;
    files: RunFiles;
    journal: RunJournal;
    ports: EnginePorts<Services>;
    registry: StepRegistry<Services>;
    options: RunOptions;
    secrets: Pick<RunSecrets, 'inputs' | 'mask'>;
  }) {
    this.plan = parts.plan;
    this.files = parts.files;
    this.journal = parts.journal;
    this.ports = parts.ports;
    this.registry = parts.registry;
    this.options = parts.options;
    this.planned = new Map(parts.plan.steps.map((step) => [step.id, step]));
    this.ready = new ReadySet(parts.plan.steps, parts.plan.matrix?.maxParallel ?? null);
    this.context = new RunContext(parts.plan, parts.files.runId, parts.secrets.inputs);
    this.mask = parts.secrets.mask;
    this.#taker = new StepTaker(this);
    this.#startedAt = this.ports.clock.now();
  }

  get runId(): string {
    return this.files.runId;
  }

  /** Aborted when the run is cancelled or cannot go on. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** A step has failed, and because of it only `always` steps are still taken up. */
  get endsEarly(): boolean {
    const keepsGoing = this.options.keepGoing ?? this.plan.matrix?.failFast === false;
    return this.#failed !== null && !keepsGoing;
  }

  emit(body: RunEventBody): void {
    const ts = new Date(this.ports.clock.now()).toISOString();
    this.options.onEvent?.({ v: 1, seq: this.#seq, ts, run: this.runId, ...this.mask.record(body) });
    this.#seq += 1;
  }

  stepFailed(error: MachinespawnError): void {
    this.#failed ??= error;
  }

  /** No new steps; running ones are asked to end. The journal says so first. */
  cancel(reason: string): void {
    if (this.#cancelled !== null) return;
    this.#cancelled = reason;
    try {
      this.journal.commit({ type: 'CANCEL_REQUESTED', reason });
    } catch (error) {
      this.stop(error);
      return;
    }
    this.#abort.abort(fail('MSP_CANCELLED', { reason }));
    this.#pump();
  }

  /** The journal cannot be written, or the disk is full: nothing more may be done. */
  stop(error: unknown): void {
    this.#fatal ??= MachinespawnError.is(error)
      ? error
      : fail('MSP_STEP_CRASHED', { step: '', problem: String(error) }, error);
    this.#abort.abort(this.#fatal);
    this.#pump();
  }

  async drive(): Promise<RunEnd> {
    const { timeoutMs } = this.options;
    const limit =
      timeoutMs === undefined ? undefined : setTimeout(() => this.cancel(timeUp), Math.min(timeoutMs, longestMs));
    try {
      return await this.#driveToEnd();
    } finally {
      clearTimeout(limit);
    }
  }

  async #driveToEnd(): Promise<RunEnd> {
    // What the run gives may be gone although nobody worked on it: then what made it is done again, once.
    for (const isFirst of [true, false]) {
      await new Promise<void>((resolve) => {
        this.#finish = resolve;
        this.#pump();
      });
      if (!isFirst || !(await this.#takeUpMissing())) break;
    }
    return this.#close();
  }

  /** Is something that the pipeline gives not there as it was? */
  async #takeUpMissing(): Promise<boolean> {
    if (this.#failed !== null || this.#fatal !== null || this.#cancelled !== null) return false;
    if (this.plan.steps.some(({ id }) => !isSettled(this.journal.step(id).state))) return false;
    const outputs = await this.context.outputs().catch(() => ({}));
    let isAny = false;
    const last = this.plan.steps.map(({ id }) => id).toReversed();
    for (const { reference, what, problem } of await this.ports.workbench.missing(outputs)) {
      const producer = findProducer(this, last, reference);
      if (producer === null) continue;
      this.#taker.doAgain(producer, `the ${what} that it made ${problem}`);
      isAny = true;
    }
    return isAny;
  }

  #pump(): void {
    const jobs = this.options.jobs ?? 4;
    while (this.#active.size < jobs && !this.#abort.signal.aborted) {
      const id = this.ready.take(this.#active.size === 0);
      if (id === null) break;
      this.#active.add(id);
      this.#taker
        .take(id)
        .catch((error: unknown) => this.stop(error))
        .finally(() => {
          this.#active.delete(id);
          this.#pump();
        });
    }
    if (this.#active.size === 0) this.#finish();
  }

  async #close(): Promise<RunEnd> {
    const records = [...this.journal.record.steps.values()];
    const steps = {
      total: records.length,
      done: records.filter((step) => isSettled(step.state) && step.state !== 'failed' && step.state !== 'blocked')
        .length,
      cached: records.filter((step) => step.state === 'cached').length,
    };
    let outputs: Readonly<Record<string, Json>> = {};
    let error = this.#fatal ?? this.#failed;
    let status: RunEndStatus = 'succeeded';
    if (this.#fatal !== null) status = 'paused';
    else if (this.#cancelled !== null && steps.done < steps.total) {
      status = 'interrupted';
      error = this.#cancelled === timeUp ? fail('MSP_RUN_TIMEOUT', { limitMs: this.options.timeoutMs ?? 0 }) : null;
    } else if (this.#failed !== null) status = 'failed';
    else if (steps.done < steps.total) {
      const left = this.plan.steps.find(({ id }) => !isSettled(this.journal.step(id).state));
      error = fail('MSP_STEP_CRASHED', { step: left?.id ?? '', problem: 'it never became ready' });
      status = 'failed';
    } else {
      try {
        outputs = await this.context.outputs();
      } catch (problem) {
        if (!MachinespawnError.is(problem)) throw problem;
        error = problem;
        status = 'failed';
      }
    }
    const exitCode =
      status === 'succeeded'
        ? 0
        : status === 'interrupted' && error === null
          ? 128 + (signalNumbers[this.#cancelled ?? ''] ?? 2)
          : (error?.exitCode ?? 1);
    const said = { error: error?.toJSON() ?? null, outputs };
    const { error: record, ...given } = this.mask.record(said);
    ({ outputs } = given);
    try {
      this.journal.commit({
        type: 'RUN_CLOSED',
        status,
        error: record,
        outputs: status === 'succeeded' ? outputs : null,
        exitCode,
      });
    } catch (problem) {
      // A full disk: the run stays open in its journal, and the next opening finds it so.
      if (!MachinespawnError.is(problem)) throw problem;
    }
    this.emit({
      type: `run.${status}`,
      durationMs: this.ports.clock.now() - this.#startedAt,
      outputs: status === 'succeeded' ? outputs : null,
      error: record,
      done: steps.done,
      total: steps.total,
    });
    return { runId: this.runId, status, outputs, error: record, exitCode, steps };
  }
}
