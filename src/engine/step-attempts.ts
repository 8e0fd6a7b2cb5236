/** The attempts of one step: START, run, DONE or FAIL, and the waits between them. */
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import { whyAnew } from './anew.ts';
import { runAttempt } from './attempt.ts';
import type { PlannedStep } from './plan.ts';
import { retryDelay } from './retry.ts';
import type { Run } from './run.ts';
import type { Question } from './step-result.ts';
import type { AnyStep, Json, StepLog } from './step.ts';

export class StepAttempts<Services> {
  readonly #run: Run<Services>;

  constructor(run: Run<Services>) {
    this.#run = run;
  }

  /** Gives what the step made; null when it failed for good or the run was stopped. */
  async until(
    planned: PlannedStep,
    type: AnyStep<Services>,
    question: Question,
    why: string | null,
  ): Promise<{ readonly made: Json } | null> {
    const { id } = planned;
    const { journal, ports, signal } = this.#run;
    const record = journal.step(id);
    for (;;) {
      if (record.state === 'backoff') {
        await ports.clock.sleep(Math.max(0, (record.retryAt ?? 0) - ports.clock.now()), signal);
        if (signal.aborted) return null;
        journal.commit({ type: 'RETRY', step: id });
      }
      const attempt = record.attempts + 1;
      const start = { type: 'START', step: id, attempt, key: question.key, identity: question.identity } as const;
      if (type.looksOnly === true) journal.note(start);
      else journal.commit(start);
      this.#run.emit({ type: 'step.started', step: id, uses: planned.uses, attempt, key: question.key, why });
      const made = await this.#attempt(planned, type, question, attempt);
      if (made !== 'again') return made;
    }
  }

  async #attempt(
    planned: PlannedStep,
    type: AnyStep<Services>,
    question: Question,
    attempt: number,
  ): Promise<{ readonly made: Json } | null | 'again'> {
    const { id } = planned;
    const { journal, ports, options, signal, files, runId } = this.#run;
    const startedAt = ports.clock.now();
    const writer = files.openLog(id, attempt);
    const log: StepLog = this.#logTo(id, writer.write.bind(writer));
    const duration = (): number => ports.clock.now() - startedAt;
    try {
      const outputs = await runAttempt<Services>({
        type,
        input: question.input,
        runId,
        stepId: id,
        key: question.key,
        attempt,
        anew: whyAnew(id, options, journal.step(id)) !== null,
        timeoutMs: planned.timeoutMs ?? type.timeoutMs ?? null,
        signal,
        log,
        writer,
        mask: this.#run.mask,
        workbench: ports.workbench,
        onProgress: (progress) => this.#run.emit({ type: 'step.progress', step: id, ...progress }),
        onCommitted: async (made) => {
          if (!planned.cache || type.reuse !== 'always' || type.isKept?.(made) === false) return;
          const { key, identity } = question;
          const createdAt = new Date(ports.clock.now()).toISOString();
          await ports.results.put({
            key,
            type: planned.uses,
            version: type.version,
            identity,
            outputs: made,
            runId,
            createdAt,
            durationMs: duration(),
          });
        },
      });
      journal.commit({ type: 'DONE', step: id, key: question.key, outputs, durationMs: duration() });
      const text = type.describe?.(outputs) ?? null;
      this.#run.emit({
        type: 'step.succeeded',
        step: id,
        uses: planned.uses,
        durationMs: duration(),
        outputs,
        text,
        from: null,
      });
      this.#run.emit({ type: 'checkpoint.saved', step: id });
      return { made: outputs };
    } catch (error) {
      if (!MachinespawnError.is(error)) throw error;
      log.info(`${error.code}: ${error.message}`);
      if (signal.aborted) {
        if (journal.record.state === 'draining') journal.commit({ type: 'LOST', step: id, why: 'cancelled' });
        this.#run.emit({
          type: 'step.interrupted',
          step: id,
          attempt,
          durationMs: duration(),
          error: error.toJSON(),
          log: writer.path || null,
        });
        return null;
      }
      return this.fail(planned, error, { type, durationMs: duration(), log: writer.path || null });
    } finally {
      writer.close();
    }
  }

  /** Journals a failure. Null when it is final; the type is null where the step was not even started. */
  fail(
    planned: PlannedStep,
    error: MachinespawnError,
    attempt: { readonly type: AnyStep<Services> | null; readonly durationMs: number; readonly log: string | null },
  ): null | 'again' {
    const { type, durationMs, log } = attempt;
    const { id } = planned;
    const { journal, ports, plan } = this.#run;
    const record = journal.step(id);
    const policy = type === null ? null : (planned.retry ?? type.retry ?? null);
    error.at = { pipeline: plan.pipeline.id, step: id, attempt: record.attempts };
    const delayMs = policy === null ? null : retryDelay(policy, record.failures + 1, error.code);
    const retryAt = delayMs === null ? null : ports.clock.now() + delayMs;
    journal.commit({ type: 'FAIL', step: id, error: error.toJSON(), retryAt, durationMs });
    if (retryAt !== null) {
      const attempts = policy?.attempts ?? 1;
      const at = new Date(retryAt).toISOString();
      this.#run.emit({
        type: 'step.retry',
        step: id,
        attempt: record.attempts,
        attempts,
        retryAt: at,
        error: error.toJSON(),
      });
      return 'again';
    }
    this.#run.emit({
      type: 'step.failed',
      step: id,
      attempt: record.attempts,
      durationMs,
      error: error.toJSON(),
      log,
    });
    if (error.code === 'MSP_DISK_FULL') {
      this.#run.stop(error);
      return null;
    }
    this.#run.stepFailed(error);
    this.#run.ready.settle(id);
    return null;
  }

  #logTo(step: string, write: (line: string) => void): StepLog {
    const { mask } = this.#run;
    const say = (level: 'info' | 'warn' | 'output') => (said: string) => {
      const text = mask.text(said);
      write(level === 'output' ? text : `${level}: ${text}`);
      this.#run.emit(level === 'warn' ? { type: 'warning', step, text } : { type: 'step.log', step, level, text });
    };
    return { info: say('info'), warn: say('warn'), output: say('output') };
  }
}
