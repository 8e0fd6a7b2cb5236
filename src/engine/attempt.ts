/** One attempt of a step: opens its place of work, runs it within its limits, and commits or throws away what it left. */
import { isDeepStrictEqual } from 'node:util';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { deepFreeze } from './freeze.ts';
import type { Bench, LogWriter, Workbench } from './ports.ts';
import type { SecretMask } from './secret-mask.ts';
import type { AnyStep, Json, StepContext, StepLog, StepProgress } from './step.ts';

/** A step that does not listen to its signal is left behind after this time. */
const abortGraceMs = 15_000;
const maxOutputBytes = 65_536;

export interface AttemptJob<Services> {
  readonly type: AnyStep<Services>;
  readonly input: unknown;
  readonly runId: string;
  readonly stepId: string;
  readonly key: string;
  readonly attempt: number;
  readonly anew: boolean;
  readonly timeoutMs: number | null;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
  readonly log: StepLog;
  readonly writer: LogWriter;
  readonly workbench: Workbench<Services>;
  readonly onProgress: (progress: StepProgress) => void;
  readonly mask: SecretMask;
  /** Called when the result is durable in the store, before the bench is given up. */
  readonly onCommitted: (outputs: Json) => Promise<void>;
}

/** Gives the outputs. Throws a MachinespawnError, whatever the step threw. */
export async function runAttempt<Services>(job: AttemptJob<Services>): Promise<Json> {
  const limit = new AbortController();
  const signal = AbortSignal.any([job.signal, limit.signal]);
  const timer = job.timeoutMs === null ? null : setTimeout(() => limit.abort(timeoutError(job)), job.timeoutMs);
  const releases: (() => Promise<void> | void)[] = [];
  let bench: Bench<Services> | null = null;
  try {
    bench = await job.workbench.open({ ...job, type: job.type.id, signal });
    const context: StepContext<unknown, Services> = {
      input: job.input,
      stepId: job.stepId,
      runId: job.runId,
      key: job.key,
      attempt: job.attempt,
      anew: job.anew,
      services: bench.services,
      signal,
      log: job.log,
      progress: job.onProgress,
      defer: (release) => void releases.push(release),
    };
    const returned: unknown = await withGrace(job.type.run(context), signal);
    signal.throwIfAborted();
    const outputs = checkedOutputs(job, returned);
    await releaseAll(releases, job.log);
    await bench.commit();
    await job.onCommitted(outputs);
    return outputs;
  } catch (error) {
    await releaseAll(releases, job.log);
    await bench
      ?.discard()
      .catch((problem: unknown) => job.log.info(`the place of work was not tidied up: ${String(problem)}`));
    throw asForeseen(limit.signal.aborted ? limit.signal.reason : error, job);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

function timeoutError(job: Pick<AttemptJob<unknown>, 'stepId' | 'timeoutMs'>): MachinespawnError {
  return fail('MSP_STEP_TIMEOUT', { step: job.stepId, limitMs: job.timeoutMs ?? 0 });
}

async function withGrace<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let listen: (() => void) | undefined;
  const left = new Promise<never>((_, reject) => {
    listen = () => {
      timer = setTimeout(() => reject(signal.reason as Error), abortGraceMs);
    };
    if (signal.aborted) listen();
    else signal.addEventListener('abort', listen, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    clearTimeout(timer);
    if (listen !== undefined) signal.removeEventListener('abort', listen);
  }
}

async function releaseAll(releases: (() => Promise<void> | void)[], log: StepLog): Promise<void> {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) {
    try {
      await release();
    } catch (error) {
      log.warn(`something could not be given back: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function checkedOutputs<Services>(job: AttemptJob<Services>, returned: unknown): Json {
  const parsed = job.type.output.safeParse(returned);
  if (!parsed.success) {
    const problem = parsed.error.issues
      .map((issue: { path: PropertyKey[]; message: string }) => `${issue.path.join('.')}: ${issue.message}`)
      .join('; ');
    throw fail('MSP_STEP_OUTPUT_INVALID', { step: job.stepId, problem });
  }
  const text = JSON.stringify(parsed.data);
  // Dates, maps and the like become something else on the way.
  if (text === undefined || !isDeepStrictEqual(JSON.parse(text), parsed.data)) {
    throw fail('MSP_STEP_OUTPUT_INVALID', { step: job.stepId, problem: 'it does not survive JSON' });
  }
  if (Buffer.byteLength(text) > maxOutputBytes) {
    throw fail('MSP_STEP_OUTPUT_INVALID', { step: job.stepId, problem: `it is larger than ${maxOutputBytes} bytes` });
  }
  const outputs = deepFreeze(JSON.parse(text) as Json);
  const secret = job.mask.find(outputs);
  if (secret !== null) throw fail('MSP_SECRET_IN_RESULT', { step: job.stepId, name: secret });
  return outputs;
}

function asForeseen<Services>(error: unknown, job: AttemptJob<Services>): MachinespawnError {
  if (MachinespawnError.is(error)) return error;
  const problem = error instanceof Error ? error.message : String(error);
  job.log.info(error instanceof Error && error.stack !== undefined ? error.stack : problem);
  return fail('MSP_STEP_CRASHED', { step: job.stepId, problem }, error);
}
