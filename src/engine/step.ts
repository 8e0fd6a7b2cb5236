/** The contract of a step: what a step type declares, and what it gets when it runs. */
import type { output as Parsed, ZodType } from 'zod';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** When a failed attempt is worth another one. Only errors whose code is listed are tried again. */
export interface RetryPolicy {
  /** All attempts, the first included. */
  readonly attempts: number;
  readonly on: readonly string[];
  /** Wait before the second attempt; doubled for each further one. @default 1000 */
  readonly delayMs?: number;
  /** @default 60000 */
  readonly maxDelayMs?: number;
}

/**
 * Where a finished result may serve again.
 * `always`: in this run and in every other one with the same key.
 * `run`: in this run only, when it is resumed.
 * `never`: looked at again each time the run is opened, such as the state of the host or of an archive.
 */
export type Reuse = 'always' | 'run' | 'never';

export interface StepProgress {
  /** A word for what goes on, such as "downloading packages". */
  readonly phase?: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: 'bytes' | 'items' | 'percent';
  /** The thing being worked on, such as a package. */
  readonly text?: string;
}

export interface StepLog {
  info(text: string): void;
  /** Shown to the person, too. */
  warn(text: string): void;
  /** Output of a program; kept in the log of the attempt. */
  output(line: string): void;
}

export interface StepContext<Input, Services> {
  /** Parsed by the step's schema, then frozen to its depth. */
  readonly input: Input;
  /** The step's place in the pipeline, such as "first-stage". */
  readonly stepId: string;
  readonly runId: string;
  /** Content address of the result: 64 hex digits. */
  readonly key: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Somebody wants it done without what was stored before: such results of its parts are not to be used either. */
  readonly anew: boolean;
  /** The one door to the world. */
  readonly services: Services;
  /** Aborted on cancel and on time-out; every call of `services` obeys it too. */
  readonly signal: AbortSignal;
  readonly log: StepLog;
  progress(progress: StepProgress): void;
  /** Gives back what was taken: called in reverse order, whatever the end. */
  readonly defer: (release: () => Promise<void> | void) => void;
}

export interface Step<Input extends ZodType = ZodType, Output extends ZodType = ZodType, Services = unknown> {
  /** The file's name, verb first: "register-machine". */
  readonly id: string;
  /** One line, imperative, no full stop. */
  readonly summary: string;
  /** Raised when the same input would now give another result. */
  readonly version: number;
  /** A strict object; every field is described. */
  readonly input: Input;
  /** Plain JSON: paths, names, digests; never contents. At most 64 KiB. */
  readonly output: Output;
  readonly reuse: Reuse;
  /** Only looks and changes nothing: a dry run may run it, too. @default false */
  readonly looksOnly?: boolean;
  /** Checked for all steps of a plan before the first one runs. */
  readonly needs?: { readonly root?: boolean; readonly tools?: readonly string[] };
  /**
   * Two processes never work on one key at once: the second waits and takes the result.
   * Off only for steps that are cheaper than the lock. @default true
   */
  readonly singleFlight?: boolean;
  /** Names that no two running steps of a run may hold at once. */
  claims?(input: Parsed<Input>): readonly string[];
  readonly retry?: RetryPolicy;
  readonly timeoutMs?: number;
  /** The part of the input that decides the result. @default all of it */
  identity?(input: Parsed<Input>): unknown;
  /** Is the recorded result still there? Asked when another step is about to work on a result that was not made just now. */
  check?(context: {
    readonly input: Parsed<Input>;
    readonly output: Parsed<Output>;
    readonly services: Services;
  }): Promise<boolean>;
  /**
   * False for a result that only its own run may take: another one does the step again. For what was not to be had, and may
   * be tomorrow. @default true
   */
  isKept?(output: Parsed<Output>): boolean;
  /** For a dry run, where the step may not run: what will come of it? Changes nothing. */
  foresee?(
    context: Pick<StepContext<Parsed<Input>, Services>, 'input' | 'stepId' | 'anew' | 'services'>,
  ): Promise<Foresight>;
  /** One line about a result, for the terminal. */
  describe?(output: Parsed<Output>): string;
  run(context: StepContext<Parsed<Input>, Services>): Promise<Parsed<Output>>;
}

/** What can be told of a step that is done in every run, without doing it. */
export interface Foresight {
  /** `hit`: all that is dear in it is stored already. */
  readonly cache: 'hit' | 'miss' | 'unknown';
  readonly why: string;
  /** Null unless it is known what will come of it. */
  readonly outputs: Json | null;
}

/** Step with its type parameters forgotten, as the registry holds it. */
// oxlint-disable-next-line typescript/no-explicit-any -- parsed and checked by the schemas at run time
export type AnyStep<Services = any> = Step<any, any, Services>;
