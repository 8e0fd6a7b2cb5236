/** Cuts a step off, and cancels it, at every moment, and looks at the end. */
import type { AnyStep } from '../engine/step.ts';
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import type { StepServices } from '../host/services.ts';
import { differences, mustEqual, nameRandom, nameRandomPaths, trespasses } from './compare.ts';
import type { FakeHost } from './fake-host.ts';
import { runAttempt } from './run-attempt.ts';
import type { AcceptedCase } from './step-cases.ts';
import type { World } from './world.ts';

export interface Stage {
  readonly step: AnyStep<StepServices>;
  readonly host: FakeHost;
  readonly input: unknown;
  /** As it is before the step; copied for each attempt. */
  readonly before: World;
  readonly writes: readonly string[];
}

/**
 * After a cut at any moment, a fresh attempt must end as the undisturbed one did: same output, same files.
 * The last "moment" is after everything, before the end was recorded.
 */
export async function checkCuts(stage: Stage, whenDone: AcceptedCase<unknown, unknown>['whenDone']): Promise<void> {
  const plain = await attemptOn(stage.before.copy(), stage);
  if (plain.attempt.error !== undefined) throw plain.attempt.error;
  for (let at = 0; at <= plain.attempt.moments.length; at += 1) {
    const moment = plain.attempt.moments[at] ?? 'the end';
    const world = stage.before.copy();
    try {
      const cut = await runAttempt(stage.step, stage.input, world, stage.host, { disturbance: { kind: 'cut', at } });
      if (!cut.gone && at < plain.attempt.moments.length) throw new Error('the step took another way than before');
      const again = await runAttempt(stage.step, stage.input, world, stage.host, { attempt: 2 });
      const isDone = MachinespawnError.is(again.error) && again.error.code === whenDone;
      if (again.error !== undefined && !isDone) throw again.error;
      if (!isDone && whenDone !== 'other output')
        mustEqual(nameRandom(again.output, again.random), plain.output, 'the output after it');
      // What the finished attempt drew counts, unless the one before had finished already.
      const both = [again.random, cut.random].map((random) =>
        differences(plain.files, nameRandomPaths(world.listing(), random)),
      );
      const left = both.find((lines) => lines.length === 0) ?? both[0] ?? [];
      if (left.length > 0) throw new Error(`other files than without the cut:\n${left.join('\n')}`);
    } catch (error) {
      throw new Error(`cut off ${moment} (moment ${at}), the next attempt is not right: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      world.destroy();
    }
  }
}

/** An abort at any moment must end the step soon, with MSP_CANCELLED, and leave nothing where it may not write. */
export async function checkAborts(stage: Stage): Promise<void> {
  const { attempt } = await attemptOn(stage.before.copy(), stage);
  const files = stage.before.listing();
  for (const [at, moment] of attempt.moments.entries()) {
    const world = stage.before.copy();
    try {
      const end = await runAttempt(stage.step, stage.input, world, stage.host, { disturbance: { kind: 'abort', at } });
      // What was under way already may still come to a good end.
      const wentOn = end.moments.slice(at + 1).some((what) => what.startsWith('before '));
      const ended =
        end.error === undefined ? !wentOn : MachinespawnError.is(end.error) && end.error.code === 'MSP_CANCELLED';
      if (!ended) throw end.error ?? new Error('it went on');
      const left = trespasses(files, world.listing(), stage.writes);
      if (left.length > 0) throw new Error(`it left\n${left.join('\n')}`);
    } catch (error) {
      throw new Error(`cancelled ${moment} (moment ${at}): ${messageOf(error)}`, { cause: error });
    } finally {
      world.destroy();
    }
  }
}

async function attemptOn(world: World, stage: Stage) {
  try {
    const attempt = await runAttempt(stage.step, stage.input, world, stage.host);
    return {
      attempt,
      output: nameRandom(attempt.output, attempt.random),
      files: nameRandomPaths(world.listing(), attempt.random),
    };
  } finally {
    world.destroy();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
