/** Everything that is checked of a step: what its author wrote down, and what holds for every step. */
import type { ZodType } from 'zod';
import { checkStepType } from '../engine/step-type-check.ts';
import type { AnyStep, Step } from '../engine/step.ts';
import { catalog } from '../errors/catalog.ts';
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import type { StepServices } from '../host/services.ts';
import { mustEqual, nameRandom, trespasses } from './compare.ts';
import { checkAborts, checkCuts, type Stage } from './disturbance-checks.ts';
import { runAttempt } from './run-attempt.ts';
import type { AcceptedCase, FailedCase, RefusedCase, StepCases } from './step-cases.ts';
import { World } from './world.ts';

export interface StepCheck {
  readonly name: string;
  run(): Promise<void>;
}

const maxOutputBytes = 65_536;

/** The checks of a step. Throws at once when the cases themselves are not right. */
export function stepChecks<In extends ZodType, Out extends ZodType>(
  step: Step<In, Out, StepServices>,
  cases: StepCases<In, Out>,
): readonly StepCheck[] {
  checkCases(cases);
  const any = step as AnyStep<StepServices>;
  const writes = cases.writes ?? [];
  const onWorld =
    (given: AcceptedCase<unknown, unknown> | FailedCase<unknown>, act: (stage: Stage) => Promise<void>) => async () => {
      const before = World.create();
      try {
        given.prepare?.(before);
        const raw: unknown = typeof given.input === 'function' ? given.input(before) : given.input;
        await act({ step: any, host: given.host ?? {}, input: any.input.parse(raw), before, writes });
      } finally {
        before.destroy();
      }
    };
  const accepts = cases.accepts as readonly AcceptedCase<unknown, unknown>[];
  return [
    { name: 'is well formed', run: async () => checkStepType(step.id, any) },
    ...accepts.flatMap((given) => [
      { name: `${given.name}: gives its output`, run: onWorld(given, (stage) => checkResult(stage, given)) },
      {
        name: `${given.name}: refuses a key that it does not know`,
        run: onWorld(given, (stage) => checkExtraKey(stage)),
      },
      {
        name: `${given.name}: survives a cut at every moment`,
        run: onWorld(given, (stage) => checkCuts(stage, given.whenDone)),
      },
      { name: `${given.name}: ends when cancelled at any moment`, run: onWorld(given, checkAborts) },
    ]),
    ...(cases.refuses ?? []).map((given) => ({
      name: `refuses ${given.name}`,
      run: async () => checkRefusal(any, given),
    })),
    ...((cases.fails ?? []) as readonly FailedCase<unknown>[]).map((given) => ({
      name: `fails with ${given.code}: ${given.name}`,
      run: onWorld(given, (stage) => checkFailure(stage, given)),
    })),
  ];
}

interface Named {
  readonly name: string;
}

function checkCases(cases: {
  readonly accepts: readonly Named[];
  readonly refuses?: readonly Named[];
  readonly fails?: readonly (Named & { readonly code: string })[];
}): void {
  if (cases.accepts.length === 0) throw new TypeError('a step needs at least one case that it accepts');
  const numbers = new Map<unknown, number>();
  const numberOf = (value: unknown): number => {
    numbers.set(value, numbers.get(value) ?? numbers.size);
    return numbers.get(value) ?? 0;
  };
  for (const list of [cases.accepts, cases.refuses ?? [], cases.fails ?? []]) {
    const seen = new Map<string, unknown>();
    for (const given of list) {
      // Functions are the same only when they are one; two may close over different values.
      const { name, ...rest } = given;
      const form = JSON.stringify(rest, (_, value: unknown) =>
        typeof value === 'function' ? `function ${numberOf(value)}` : value,
      );
      for (const mark of [`name ${name}`, `form ${form}`]) {
        if (seen.has(mark)) throw new TypeError(`case '${name}' is there twice (as '${String(seen.get(mark))}')`);
        seen.set(mark, name);
      }
    }
  }
  for (const { name, code } of cases.fails ?? []) {
    if (!Object.hasOwn(catalog, code)) throw new TypeError(`case '${name}' must name the code of the error`);
  }
}

async function checkResult(stage: Stage, given: AcceptedCase<unknown, unknown>): Promise<void> {
  const { step, input } = stage;
  const world = stage.before.copy();
  try {
    const kept = structuredClone(input);
    const before = world.listing();
    const end = await runAttempt(step, input, world, stage.host);
    if (end.error !== undefined) throw end.error;
    mustEqual(input, kept, 'the input after the step');
    mustEqual(JSON.parse(JSON.stringify(end.output)), end.output, 'the output, written as JSON and read again,');
    const parsed: unknown = step.output.parse(end.output);
    mustEqual(parsed, end.output, 'the output, as its schema reads it,');
    if (Buffer.byteLength(JSON.stringify(end.output)) > maxOutputBytes)
      throw new Error('the output is longer than 64 KiB');
    const expected: unknown = typeof given.output === 'function' ? given.output(world) : given.output;
    mustEqual(nameRandom(end.output, end.random), expected, 'the output');
    const left = trespasses(before, world.listing(), stage.writes);
    if (left.length > 0) throw new Error(`the step wrote where it may not:\n${left.join('\n')}`);
    checkDeclarations(step, input, end.output);
    await checkStillThere(stage, world, end.output);
    given.after?.(world, end.output);
  } finally {
    world.destroy();
  }
}

function checkDeclarations(step: AnyStep<StepServices>, input: unknown, output: unknown): void {
  const identity: unknown = step.identity?.(input) ?? input;
  mustEqual(JSON.parse(JSON.stringify(identity)), identity, 'the identity, written as JSON and read again,');
  mustEqual(step.identity?.(input) ?? input, identity, 'the identity, asked for again,');
  const line: unknown = step.describe?.(output);
  if (line !== undefined && (typeof line !== 'string' || line === '' || line.includes('\n'))) {
    throw new Error(`describe gives ${JSON.stringify(line)} and not one line`);
  }
}

/** `check` sees a result that is there, writing nothing. */
async function checkStillThere(stage: Stage, world: World, output: unknown): Promise<void> {
  const { step, input } = stage;
  if (step.check === undefined) return;
  const files = world.listing();
  const looking = {
    ...step,
    run: async ({ services }: { services: StepServices }) => ({
      there: await step.check?.({ input, output, services }),
    }),
  } as AnyStep<StepServices>;
  const seen = await runAttempt(looking, input, world, stage.host);
  if (seen.error !== undefined) throw seen.error;
  mustEqual(seen.output, { there: true }, 'what check says right after the step');
  mustEqual(trespasses(files, world.listing(), []), [], 'what check wrote');
}

async function checkExtraKey({ step, input }: Stage): Promise<void> {
  const result = step.input.safeParse({ ...(input as object), unknownKey: 1 });
  if (result.success) throw new Error("the input schema takes the key 'unknownKey'");
}

function checkRefusal(step: AnyStep<StepServices>, given: RefusedCase): void {
  const result = step.input.safeParse(given.input);
  if (result.success) throw new Error('the input schema takes it');
  const places = result.error.issues.map((issue: { path: readonly PropertyKey[] }) => issue.path.join('.'));
  if (!places.includes(given.at)) throw new Error(`it is refused for ${places.join(', ')}, not for ${given.at}`);
}

async function checkFailure(stage: Stage, given: FailedCase<unknown>): Promise<void> {
  const world = stage.before.copy();
  try {
    const before = world.listing();
    const end = await runAttempt(stage.step, stage.input, world, stage.host);
    if (end.error === undefined) throw new Error(`it did not fail: ${JSON.stringify(end.output)}`);
    if (!MachinespawnError.is(end.error)) throw end.error;
    if (end.error.code !== given.code)
      throw new Error(`it failed with ${end.error.code}: ${end.error.message}`, { cause: end.error });
    const left = trespasses(before, world.listing(), stage.writes);
    if (left.length > 0) throw new Error(`the failed step left\n${left.join('\n')}`);
    given.after?.(world);
  } finally {
    world.destroy();
  }
}
