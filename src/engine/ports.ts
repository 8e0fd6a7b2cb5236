/** What the engine asks of the world. Classes elsewhere happen to fit; `app.ts` joins the two. */
import type { OpenSecret } from './secret-mask.ts';
import type { Json, StepLog } from './step.ts';

export interface Lock {
  release(): void;
}

/** Named locks that the kernel frees when their holder dies, however it dies. */
export interface Locks {
  /** Waits until the lock is free. `onWait` is called once if it is not, with who holds it. */
  acquire(
    name: string,
    options: { readonly signal: AbortSignal; readonly onWait: (holder: string | null) => void },
  ): Promise<Lock>;
}

export interface JournalWriter {
  /** Appends and returns when the text is durable. */
  append(text: string): void;
  close(): void;
}

export interface LogWriter {
  readonly path: string;
  write(line: string): void;
  close(): void;
}

/** The directory of one run. */
export interface RunFiles {
  readonly runId: string;
  readonly directory: string;
  readPlan(): Promise<string>;
  /** The whole journal; '' when there is none yet. */
  readJournal(): Promise<string>;
  /** Cuts the journal to its first `keepBytes` bytes, durably, and opens it for appending. */
  openJournal(keepBytes: number): Promise<JournalWriter>;
  openLog(stepId: string, attempt: number): LogWriter;
  /** Takes the run's lock without waiting; throws MSP_RUN_BUSY. */
  lock(): Promise<Lock>;
}

export interface RunStore {
  /** Makes the run's directory with its plan, durably, locked. */
  create(runId: string, plan: string): Promise<RunFiles>;
  /** Throws MSP_RUN_NOT_FOUND. */
  open(runId: string): Promise<RunFiles>;
  /** Ids, oldest first. */
  list(): Promise<readonly string[]>;
  remove(runId: string): Promise<void>;
}

/** A finished result, as it is kept for every run. */
export interface StoredResult {
  readonly key: string;
  readonly type: string;
  readonly version: number;
  /** What the key was made of; a miss is explained by comparing it. */
  readonly identity: Json;
  readonly outputs: Json;
  readonly runId: string;
  readonly createdAt: string;
  readonly durationMs: number;
}

export interface ResultStore {
  /** Throws MSP_RESULT_CORRUPT. */
  get(type: string, key: string): Promise<StoredResult | null>;
  put(result: StoredResult): Promise<void>;
  remove(type: string, key: string): Promise<void>;
  /** Newest first. */
  recent(type: string, limit: number): Promise<readonly StoredResult[]>;
}

export interface StepJob {
  readonly runId: string;
  readonly stepId: string;
  readonly type: string;
  readonly key: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly log: StepLog;
}

/** Something that a value refers to and that is not there as it was. */
export interface Missing {
  readonly reference: string;
  /** For a person, such as "tree 0123456789ab". */
  readonly what: string;
  readonly problem: 'is gone' | 'has changed';
}

/** One attempt's place of work. */
export interface Bench<Services> {
  readonly services: Services;
  /** Makes what the step left durable and final. After it, the result may be journaled. */
  commit(): Promise<void>;
  /** Throws away what the step left. */
  discard(): Promise<void>;
}

export interface Workbench<Services> {
  open(job: StepJob): Promise<Bench<Services>>;
  /** Services for looking only, for a step's `check`. */
  look(): Services;
  /** Which of the things that a value refers to (trees, files) are not in their stores any more, or not as they were. */
  missing(value: Json): Promise<readonly Missing[]>;
}

/** Secrets by where they are, such as a file. */
export interface SecretSources {
  /** The same place, however it was written. */
  canonical(source: string): string;
  /** `name` is for messages. Throws MSP_SECRET_UNUSABLE. */
  open(name: string, source: string): Promise<OpenSecret>;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Ends early, without an error, when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export interface EnginePorts<Services> {
  readonly runs: RunStore;
  readonly results: ResultStore;
  readonly locks: Locks;
  readonly workbench: Workbench<Services>;
  readonly clock: Clock;
  readonly secrets: SecretSources;
  /** Who runs: recorded in the journal. */
  readonly process: {
    readonly pid: number;
    readonly host: string;
    readonly bootId: string;
    readonly user: string;
    readonly version: string;
  };
  /** A random word of lower-case letters and digits. */
  randomWord(length: number): string;
}
