/** Starts runs, goes on with interrupted ones, and finds the one that the same command would go on with. */
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { readJournal, type JournalReading } from './journal.ts';
import { decodePlan, encodePlan, planDigest } from './plan-codec.ts';
import type { Plan } from './plan.ts';
import type { EnginePorts, Lock, RunFiles } from './ports.ts';
import { recoveryEntries, stepsAgain } from './recovery.ts';
import { RunJournal } from './run-journal.ts';
import type { RunOptions } from './run-options.ts';
import { openSecrets } from './secrets.ts';
import { applyEntry, emptyRunRecord, lossLimit, type RunRecord } from './run-state.ts';
import { Run, type RunEnd } from './run.ts';
import type { StepRegistry } from './step-registry.ts';

export interface OpenRun {
  readonly runId: string;
  readonly done: Promise<RunEnd>;
  cancel(reason: string): void;
}

/** How many of the newest runs are looked at for one to go on with. */
const searchedRuns = 100;

export class Engine<Services> {
  readonly #ports: EnginePorts<Services>;
  readonly #registry: StepRegistry<Services>;

  constructor(ports: EnginePorts<Services>, registry: StepRegistry<Services>) {
    this.#ports = ports;
    this.#registry = registry;
  }

  /** A new run of the plan. The returned run is journaled as opened. */
  async start(plan: Plan, options: RunOptions): Promise<OpenRun> {
    const files = await this.#ports.runs.create(this.#newRunId(), encodePlan(plan));
    const lock = await files.lock();
    return this.#open(plan, files, lock, { entries: [], keepBytes: 0, tornBytes: 0 }, options);
  }

  /**
   * Goes on with a run by its stored plan.
   * Throws MSP_RUN_NOT_FOUND, MSP_RUN_BUSY, MSP_RUN_NOT_RESUMABLE, MSP_PLAN_CORRUPT, MSP_JOURNAL_CORRUPT, MSP_RUN_FROM_FUTURE.
   */
  async resume(runId: string, options: RunOptions): Promise<OpenRun> {
    const files = await this.#ports.runs.open(runId);
    const lock = await files.lock();
    try {
      const plan = decodePlan(await files.readPlan(), runId);
      const reading = readJournal(await files.readJournal(), runId);
      return await this.#open(plan, files, lock, reading, options);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The newest run of the same plan, if it has not succeeded: id, and whether it is being executed now. */
  async findUnfinished(plan: Plan): Promise<string | null> {
    const digest = planDigest(plan);
    const ids = (await this.#ports.runs.list()).toReversed().slice(0, searchedRuns);
    for (const id of ids) {
      try {
        const files = await this.#ports.runs.open(id);
        const stored = decodePlan(await files.readPlan(), id);
        if (planDigest(stored) !== digest) continue;
        const reading = readJournal(await files.readJournal(), id);
        const last = reading.entries.at(-1);
        if (last?.type === 'RUN_CLOSED' && last.status === 'succeeded') return null;
        const record = foldJournal(stored, reading, id);
        return record.state === 'succeeded' ? null : id;
      } catch (error) {
        // A damaged run of another plan is no reason to stop; a damaged one of this plan is named by resume().
        if (!MachinespawnError.is(error)) throw error;
        if (error.code === 'MSP_JOURNAL_CORRUPT') return id;
      }
    }
    return null;
  }

  async #open(plan: Plan, files: RunFiles, lock: Lock, reading: JournalReading, options: RunOptions): Promise<OpenRun> {
    const record = foldJournal(plan, reading, files.runId);
    const again = options.again === undefined ? [] : await stepsAgain(plan, options.again, this.#registry);
    if (record.state === 'succeeded' && again.length === 0)
      throw fail('MSP_RUN_NOT_RESUMABLE', { run: files.runId, status: 'finished' });
    const secrets = await openSecrets(plan, this.#ports.secrets, options.secretSources);
    const writer = await files.openJournal(reading.keepBytes);
    const journal = new RunJournal({
      record,
      writer,
      clock: this.#ports.clock,
      runId: files.runId,
      seq: reading.entries.length,
      mask: secrets.mask,
    });
    const isNew = reading.entries.length === 0;
    const [cutOff, anew] = isNew ? [[], []] : await recoveryEntries(plan, record, this.#registry);
    const why = 'it is to be done again (--from)';
    const wished = again.map((step) => ({ type: 'INVALIDATE', step, why, anew: true }) as const);
    const isCutOff = ({ step }: { readonly step: string }): boolean => journal.step(step).state === 'running';
    // In one append with the opening, and before it: a run that is open has heard of every wish.
    journal.commit(...wished.filter((one) => !isCutOff(one)), {
      type: 'RUN_OPENED',
      reason: isNew ? 'start' : 'resume',
      torn: reading.tornBytes,
      ...this.#ports.process,
    });
    const late = wished.filter(isCutOff);
    journal.commit(...cutOff);
    journal.commit(...anew);
    journal.commit(...late);
    const run = new Run({ plan, files, journal, ports: this.#ports, registry: this.#registry, options, secrets });
    const done = this.#drive(run, lock, isNew, secrets.changed);
    return { runId: files.runId, done, cancel: (reason) => run.cancel(reason) };
  }

  async #drive(run: Run<Services>, lock: Lock, isNew: boolean, changed: readonly string[]): Promise<RunEnd> {
    const { plan, journal } = run;
    try {
      const finished = plan.steps.filter(({ id }) =>
        ['succeeded', 'cached', 'skipped'].includes(journal.step(id).state),
      );
      const steps = [];
      for (const { id, uses, summary } of plan.steps) {
        steps.push({ id, uses, summary: summary || (await this.#registry.get(uses)).summary });
      }
      run.emit({
        type: isNew ? 'run.started' : 'run.resumed',
        pipeline: plan.pipeline.id,
        file: plan.pipeline.file?.startsWith('/') === true ? plan.pipeline.file : null,
        summary: plan.pipeline.summary,
        inputs: plan.inputs,
        steps,
        // What was left out was not done.
        done: finished.flatMap(({ id }) => (journal.step(id).state === 'skipped' ? [] : [id])),
        at: isNew ? null : (plan.steps.find((step) => !finished.includes(step))?.id ?? null),
      });
      for (const [id, { losses }] of journal.record.steps) {
        if (losses < lossLimit) continue;
        const text = `this step was cut off ${losses} times in a row: something kills it, such as too little memory`;
        run.emit({ type: 'warning', step: id, text });
      }
      for (const name of changed) {
        const text = `the secret '${name}' is another one than when the run began: what uses it is done again`;
        run.emit({ type: 'warning', step: null, text });
      }
      return await run.drive();
    } finally {
      journal.close();
      lock.release();
    }
  }

  #newRunId(): string {
    const stamp = new Date(this.#ports.clock.now())
      .toISOString()
      .replaceAll(/[-:]/gu, '')
      .replace('T', '-')
      .slice(0, 15);
    return `${stamp}-${this.#ports.randomWord(4)}`;
  }
}

/** Throws MSP_JOURNAL_CORRUPT. */
export function foldJournal(plan: Plan, reading: JournalReading, runId: string): RunRecord {
  const record = emptyRunRecord(plan.steps.map((step) => step.id));
  for (const entry of reading.entries) applyEntry(record, entry, runId);
  return record;
}
