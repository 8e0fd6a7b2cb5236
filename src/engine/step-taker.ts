/** What happens to one step of a run from the moment it is ready: look, reuse, or run it until it has settled. */
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import { whyAnew } from './anew.ts';
import type { StepState } from './charts.ts';
import { evaluateCondition } from './expression.ts';
import type { PlannedStep } from './plan.ts';
import type { Lock } from './ports.ts';
import { findProducer } from './producers.ts';
import type { Run } from './run.ts';
import { StepAttempts } from './step-attempts.ts';
import { askedOf, lookUp, type Question } from './step-result.ts';
import type { AnyStep, Json } from './step.ts';

export function isSettled(state: StepState): boolean {
  return state !== 'pending' && state !== 'running' && state !== 'backoff';
}

export class StepTaker<Services> {
  readonly #run: Run<Services>;
  readonly #attempts: StepAttempts<Services>;
  /** Steps whose stored result was found to be gone: it is not taken again. */
  readonly #distrusted = new Set<string>();
  /** Steps whose recorded result was seen to be there in this opening. */
  readonly #seen = new Set<string>();

  constructor(run: Run<Services>) {
    this.#run = run;
    this.#attempts = new StepAttempts(run);
  }

  async take(id: string): Promise<void> {
    const { journal, ready } = this.#run;
    const planned = this.#run.planned.get(id) as PlannedStep;
    const early = planned.needs.find((need) => !isSettled(journal.step(need).state));
    if (early !== undefined) return ready.park(id, early);
    const broken = planned.needs.find((need) => ['failed', 'blocked'].includes(journal.step(need).state));
    if (!planned.always && (broken !== undefined || this.#run.endsEarly)) {
      return this.#leaveOut(
        id,
        'BLOCK',
        broken === undefined ? 'another step failed' : `step '${broken}' did not succeed`,
      );
    }
    try {
      await this.#answer(planned);
    } catch (error) {
      if (this.#run.signal.aborted || !MachinespawnError.is(error) || journal.step(id).state !== 'pending') throw error;
      this.#attempts.fail(planned, error, { type: null, durationMs: 0, log: null });
    }
  }

  async #answer(planned: PlannedStep): Promise<void> {
    const { id } = planned;
    const { journal, registry } = this.#run;
    const context = this.#run.context.of(planned);
    const record = journal.step(id);
    const type = await registry.get(planned.uses);
    if (planned.if !== null && !(await evaluateCondition(planned.if, context)))
      return this.#leaveOut(id, 'SKIP', `not ${planned.if}`);
    if (record.state === 'skipped') journal.commit({ type: 'INVALIDATE', step: id, why: 'its condition holds now' });
    const question = await askedOf(planned, type, context, this.#run.mask);
    if (record.state === 'succeeded' || record.state === 'cached') {
      if (record.key === question.key) return this.#settle(id, record.outputs);
      journal.commit({ type: 'INVALIDATE', step: id, why: 'its input changed' });
    }
    await this.#produce(planned, type, question);
  }

  /** From here on the step has no result of its own run. */
  async #produce(planned: PlannedStep, type: AnyStep<Services>, question: Question): Promise<void> {
    const { id } = planned;
    const { ports, signal } = this.#run;
    const first = await this.#reuse(planned, type, question);
    if (first.done) return;
    if (await this.#waitsForProducer(planned, question)) return;
    let lock: Lock | null = null;
    let why = first.why;
    const releaseClaims = await this.#run.claims.take(type.claims?.(question.input) ?? []);
    try {
      // A result that serves nobody else needs no turn: the run's own lock keeps others out.
      if (type.singleFlight !== false && type.reuse === 'always') {
        let waited = false;
        lock = await ports.locks.acquire(`key-${question.key}`, {
          signal,
          onWait: (holder) => {
            waited = true;
            this.#run.emit({ type: 'step.waiting', step: id, holder });
          },
        });
        if (waited) {
          const second = await this.#reuse(planned, type, question);
          if (second.done) return;
          why = second.why;
        }
      }
      if (signal.aborted) return;
      const ended = await this.#attempts.until(planned, type, question, why);
      if (ended === null) return;
      this.#seen.add(id);
      this.#settle(id, ended.made);
    } finally {
      lock?.release();
      releaseClaims();
    }
  }

  async #reuse(
    planned: PlannedStep,
    type: AnyStep<Services>,
    question: Question,
  ): Promise<{ done: boolean; why: string | null }> {
    const { id } = planned;
    const { ports, options, journal } = this.#run;
    if (!planned.cache || type.reuse !== 'always') return { done: false, why: null };
    if (this.#distrusted.has(id)) return { done: false, why: journal.step(id).why };
    const anew = whyAnew(id, options, journal.step(id));
    if (anew !== null) return { done: false, why: anew };
    const { hit, why } = await lookUp(
      ports.results,
      planned.uses,
      type,
      question,
      ports.clock,
      type.singleFlight !== false,
    );
    if (hit === null) return { done: false, why };
    const from = { run: hit.runId, createdAt: hit.createdAt };
    journal.note({ type: 'CACHED', step: id, key: question.key, outputs: hit.outputs, from });
    const text = type.describe?.(hit.outputs) ?? null;
    this.#run.emit({
      type: 'step.cached',
      step: id,
      uses: planned.uses,
      durationMs: 0,
      outputs: hit.outputs,
      text,
      from,
    });
    this.#settle(id, hit.outputs);
    return { done: true, why: null };
  }

  /** Is something that the step works on gone? Then what made it is done again first. */
  async #waitsForProducer(planned: PlannedStep, question: Question): Promise<boolean> {
    const { ports, journal, ready, registry } = this.#run;
    const again = (producer: string, why: string): true => {
      this.doAgain(producer, why);
      ready.park(planned.id, producer);
      return true;
    };
    for (const { reference, what, problem } of await ports.workbench.missing(question.input as Json)) {
      const producer = findProducer(this.#run, planned.needs, reference);
      if (producer !== null) return again(producer, `the ${what} that it made ${problem}`);
    }
    for (const need of planned.needs) {
      const maker = this.#run.planned.get(need) as PlannedStep;
      const type = await registry.get(maker.uses);
      const record = journal.step(need);
      const isRecorded = record.state === 'succeeded' || record.state === 'cached';
      if (type.check === undefined || !isRecorded || this.#seen.has(need)) continue;
      const asked = await askedOf(maker, type, this.#run.context.of(maker), this.#run.mask);
      const there = await type.check({ input: asked.input, output: record.outputs, services: ports.workbench.look() });
      if (!there) return again(need, 'what it made is gone');
      this.#seen.add(need);
    }
    return false;
  }

  /** What the step made is not there as it was: no stored result of it is taken again. */
  doAgain(id: string, why: string): void {
    const { journal, ready } = this.#run;
    this.#distrusted.add(id);
    if (!isSettled(journal.step(id).state)) return;
    journal.commit({ type: 'INVALIDATE', step: id, why });
    this.#run.emit({ type: 'warning', step: id, text: `${why}: it is done again` });
    ready.enqueue(id);
  }

  #leaveOut(id: string, type: 'SKIP' | 'BLOCK', why: string): void {
    const { journal } = this.#run;
    if (journal.step(id).state === 'skipped' && type === 'SKIP') return this.#settle(id, null);
    if (journal.step(id).state !== 'pending') journal.commit({ type: 'INVALIDATE', step: id, why });
    const left = { type, step: id, why };
    if (type === 'SKIP') journal.note(left);
    else journal.commit(left);
    this.#run.emit({ type: type === 'SKIP' ? 'step.skipped' : 'step.blocked', step: id, why });
    this.#settle(id, null);
  }

  #settle(id: string, outputs: Json): void {
    this.#run.context.settle(this.#run.planned.get(id) as PlannedStep, outputs);
    this.#run.ready.settle(id);
  }
}
