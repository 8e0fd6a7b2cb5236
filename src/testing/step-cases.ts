/** What an author writes to test a step. */
import type { input as Given, output as Parsed, ZodType } from 'zod';
import type { ErrorCode } from '../errors/catalog.ts';
import type { FakeHost } from './fake-host.ts';
import type { World } from './world.ts';

interface Prepared<Input> {
  /** Unique in its list; says what is special. */
  readonly name: string;
  readonly input: Input | ((world: World) => Input);
  /** Puts files and trees on the pretended computer. */
  readonly prepare?: (world: World) => void;
  readonly host?: FakeHost;
}

export interface AcceptedCase<Input, Output> extends Prepared<Input> {
  /** All of it; random words are written `<random 1>`, in the order in which they were drawn. */
  readonly output: Output | ((world: World) => Output);
  /** Looks at what is there after the step. Throws when it is not as it should be. */
  readonly after?: (world: World, output: Output) => void;
  /**
   * Only for steps of which nothing is recorded, so that they are never done again by the engine: the code with which
   * the step refuses what is done already, such as removing what is gone; or `other output` when it tells what it did itself.
   */
  readonly whenDone?: ErrorCode | 'other output';
}

export interface RefusedCase {
  readonly name: string;
  readonly input: unknown;
  /** Path of the field that is wrong, such as "name" or "include.0". */
  readonly at: string;
}

export interface FailedCase<Input> extends Prepared<Input> {
  readonly code: ErrorCode;
  readonly after?: (world: World) => void;
}

export interface StepCases<In extends ZodType = ZodType, Out extends ZodType = ZodType> {
  readonly accepts: readonly AcceptedCase<Given<In>, Parsed<Out>>[];
  readonly refuses?: readonly RefusedCase[];
  readonly fails?: readonly FailedCase<Given<In>>[];
  /**
   * Paths outside scratch and the step's own tree where it may leave something, also when it does not succeed.
   * `*` stands for any text. What is below such a path may change, too.
   */
  readonly writes?: readonly string[];
}
