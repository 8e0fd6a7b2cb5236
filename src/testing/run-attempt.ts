/** One attempt of a step on a pretended computer, as the engine makes it. */
import { createHash } from 'node:crypto';
import type { AnyStep, StepContext } from '../engine/step.ts';
import { deepFreeze } from '../engine/freeze.ts';
import type { StepServices } from '../host/services.ts';
import type { FakeHost } from './fake-host.ts';
import { Moments, type Disturbance } from './moments.ts';
import { clear, openBench } from './pretended-services.ts';
import type { World } from './world.ts';

/** How long a step may take in a pretended world, where nothing takes time. */
const limitMs = 3000;

export interface Attempt {
  readonly output?: unknown;
  readonly error?: unknown;
  /** The process was cut off: neither output nor error got out. */
  readonly gone: boolean;
  readonly moments: readonly string[];
  /** What was random, in order. */
  readonly random: readonly string[];
}

export async function runAttempt(
  step: AnyStep<StepServices>,
  input: unknown,
  world: World,
  host: FakeHost,
  options: { readonly attempt?: number; readonly disturbance?: Disturbance } = {},
): Promise<Attempt> {
  const attempt = options.attempt ?? 1;
  const moments = new Moments(options.disturbance ?? null);
  const key = createHash('sha256')
    .update(`${step.id}\n${JSON.stringify(input)}`)
    .digest('hex');
  const bench = openBench(world, moments, host, key, attempt);
  const releases: (() => Promise<void> | void)[] = [];
  const log = (level: string) => (text: string) => void world.logged.push(`${level} ${text}`);
  const context: StepContext<unknown, StepServices> = {
    input: deepFreeze(structuredClone(input)),
    stepId: step.id,
    runId: '20261122-120000-test',
    key,
    attempt,
    anew: false,
    services: bench.services,
    signal: moments.signal,
    log: { info: log('info'), warn: log('warn'), output: log('output') },
    progress: () => {},
    defer: (release) => void releases.push(release),
  };
  const end = await outcome(step, context);
  const result = { moments: moments.passed, random: bench.random };
  if (moments.gone) return { gone: true, ...result };
  for (const release of releases.toReversed()) await Promise.resolve(release()).catch(() => {});
  if ('output' in end) {
    bench.commit();
    return { output: end.output, gone: false, ...result };
  }
  clear(world);
  return { error: end.error, gone: false, ...result };
}

async function outcome(
  step: AnyStep<StepServices>,
  context: StepContext<unknown, StepServices>,
): Promise<{ output: unknown } | { error: unknown }> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`step ${step.id} did not end within ${limitMs} ms`)), limitMs);
  try {
    return { output: await Promise.race([step.run(context), late.promise]) };
  } catch (error) {
    // What is no Error has no code, no message and no stack.
    if (!(error instanceof Error))
      return { error: new TypeError(`the step threw ${JSON.stringify(error) ?? 'undefined'}, which is no Error`) };
    return { error };
  } finally {
    clearTimeout(timer);
  }
}
