/** What a run of a plan would do: what is reused, what is made, and why. Steps that only look are run for it. */
import { MachinespawnError, type ErrorRecord } from '../errors/machinespawn-error.ts';
import { whyAnew } from './anew.ts';
import { evaluateCondition } from './expression.ts';
import { plainId } from './matrix.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { EnginePorts } from './ports.ts';
import type { RunOptions } from './run-options.ts';
import { namesIn, RunContext } from './run-context.ts';
import type { SecretMask } from './secret-mask.ts';
import { openSecrets } from './secrets.ts';
import { askedOf, lookUp } from './step-result.ts';
import type { StepRegistry } from './step-registry.ts';
import type { AnyStep, Json, StepContext } from './step.ts';

export interface StepForecast {
  readonly id: string;
  readonly uses: string;
  readonly summary: string;
  readonly needs: readonly string[];
  readonly cache: 'hit' | 'miss' | 'unknown' | 'off';
  readonly why: string;
  /** What is known to come of it already: its condition does not hold, or it looked and failed. */
  readonly outcome: 'skipped' | 'failed' | null;
  /** What a step that looked and failed said. */
  readonly error: ErrorRecord | null;
  readonly input: Json | null;
}

export interface Forecast {
  readonly steps: readonly StepForecast[];
  /** Of the pipeline; null when they are not known before it runs. */
  readonly outputs: Readonly<Record<string, Json>> | null;
}

const nothing = (): void => {};

/** Changes nothing. A step that only looks and fails is reported, not thrown. */
export async function forecast<Services>(
  plan: Plan,
  ports: EnginePorts<Services>,
  registry: StepRegistry<Services>,
  options: Pick<RunOptions, 'noCache' | 'refresh'>,
): Promise<Forecast> {
  const { inputs, mask } = await openSecrets(plan, ports.secrets);
  const context = new RunContext(plan, 'dry-run', inputs);
  const planned = new Map(plan.steps.map((step) => [step.id, step]));
  const reports: StepForecast[] = [];
  for (const step of plan.steps) {
    const type = await registry.get(step.uses);
    const unknown = step.needs.flatMap((need) => planned.get(need) ?? []).filter((need) => !context.knows(need));
    const {
      outputs,
      outcome = null,
      error = null,
      ...report
    } = await one(step, type, { context, unknown, mask }, ports, options);
    if (outputs !== undefined) context.settle(step, outputs);
    reports.push({
      id: step.id,
      uses: step.uses,
      summary: step.summary || type.summary,
      needs: step.needs,
      ...report,
      outcome,
      error,
    });
  }
  const isKnown = plan.steps.every((step) => context.knows(step));
  return { steps: reports, outputs: isKnown ? mask.value(await context.outputs()) : null };
}

type Report = Pick<StepForecast, 'cache' | 'why' | 'input'> & {
  readonly outcome?: StepForecast['outcome'];
  readonly error?: ErrorRecord;
  readonly outputs?: Json;
};

async function one<Services>(
  planned: PlannedStep,
  type: AnyStep<Services>,
  known: {
    readonly context: RunContext;
    /** Needed ones whose outputs cannot be told. */
    readonly unknown: readonly PlannedStep[];
    readonly mask: SecretMask;
  },
  ports: EnginePorts<Services>,
  options: Pick<RunOptions, 'noCache' | 'refresh'>,
): Promise<Report> {
  const context = known.context.of(planned);
  const named = new Set(await stepsNamedIn([planned.with, planned.if]));
  const used = [...new Set(known.unknown.map(plainId))].filter((need) => named.has(need));
  if (used.length > 0) return { cache: 'unknown', why: `it depends on what ${used.join(' and ')} gives`, input: null };
  try {
    if (planned.if !== null && !(await evaluateCondition(planned.if, context))) {
      return { cache: 'off', why: `not ${planned.if}`, outcome: 'skipped', input: null, outputs: null };
    }
    const question = await askedOf(planned, type, context, known.mask);
    const input = known.mask.value(question.input as Json);
    const anew = whyAnew(planned.id, options);
    if (planned.cache && type.reuse === 'always') {
      if (anew !== null) return { cache: 'miss', why: anew, input };
      const { hit, why } = await lookUp(ports.results, planned.uses, type, question, ports.clock, true);
      if (hit === null) return { cache: 'miss', why: why ?? '', input };
      return { cache: 'hit', why: why ?? '', input, outputs: hit.outputs };
    }
    if (type.foresee !== undefined) {
      const services = ports.workbench.look();
      const asked = { input: question.input, stepId: planned.id, anew: anew !== null, services };
      const { outputs, ...foreseen } = await type.foresee(asked);
      return { ...foreseen, input, ...(outputs !== null && { outputs }) };
    }
    if (type.looksOnly !== true) return { cache: 'off', why: 'it is done in every run', input };
    const outputs = (await type.run(lookingContext(planned, question.input, question.key, ports))) as Json;
    return { cache: 'off', why: type.describe?.(outputs) ?? 'looked up now', input, outputs };
  } catch (error) {
    if (!MachinespawnError.is(error)) throw error;
    const why = known.mask.text(`${error.message} (${error.code})`);
    return {
      cache: 'off',
      why,
      outcome: 'failed',
      error: known.mask.record({ error: error.toJSON() }).error,
      input: null,
    };
  }
}

/** Ids of the steps that the expressions in a value refer to. */
async function stepsNamedIn(value: Json): Promise<readonly string[]> {
  return (await namesIn(value)).filter(({ root }) => root === 'steps').map(({ path }) => path[0] ?? '');
}

function lookingContext<Services>(
  planned: PlannedStep,
  input: unknown,
  key: string,
  ports: EnginePorts<Services>,
): StepContext<unknown, Services> {
  return {
    input,
    key,
    stepId: planned.id,
    runId: 'dry-run',
    attempt: 1,
    anew: false,
    services: ports.workbench.look(),
    signal: new AbortController().signal,
    log: { info: nothing, warn: nothing, output: nothing },
    progress: nothing,
    defer: nothing,
  };
}
