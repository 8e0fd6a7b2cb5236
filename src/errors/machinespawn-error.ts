import { catalog, type ErrorCode, type ErrorData } from './catalog.ts';
import { redactValue } from './redact.ts';

const marker = Symbol.for('machinespawn.error');

/** Where in a run an error happened; set by the engine in passing. */
export interface ErrorPlace {
  readonly pipeline: string;
  readonly step: string;
  readonly attempt: number;
}

/** The form in which errors are journaled and printed with `--json`. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly exitCode: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause: string | null;
}

/** Every failure that we foresee. Match on `code`; the text may change in any release. */
export class MachinespawnError extends Error {
  readonly code: ErrorCode;
  /** One thing to try, as a command if possible. */
  readonly hint: string | undefined;
  /** Plain JSON, credentials removed. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly exitCode: number;
  at?: ErrorPlace;

  constructor(record: Omit<ErrorRecord, 'cause'>, cause?: unknown) {
    super(record.message, cause === undefined ? undefined : { cause });
    this.code = record.code;
    this.hint = record.hint ?? undefined;
    this.data = record.details;
    this.exitCode = record.exitCode;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Holds across two copies of the package, where `instanceof` does not. */
  static is(error: unknown): error is MachinespawnError {
    return typeof error === 'object' && error !== null && marker in error;
  }

  toJSON(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint ?? null,
      exitCode: this.exitCode,
      details: this.data,
      cause: this.cause instanceof Error ? this.cause.message : null,
    };
  }
}

Object.defineProperty(MachinespawnError.prototype, 'name', { value: 'MachinespawnError', configurable: true });

/** Makes the error of a catalogue entry: `throw fail('MSP_TOOL_MISSING', { tool, debianPackage })`. */
export function fail<C extends ErrorCode>(code: C, data: ErrorData<C>, cause?: unknown): MachinespawnError {
  const entry = catalog[code] as {
    exit: number;
    message: (data: unknown) => string;
    hint?: (data: unknown) => string | undefined;
  };
  const details = redactValue(data) as Readonly<Record<string, unknown>>;
  return new MachinespawnError(
    { code, message: entry.message(details), hint: entry.hint?.(details) ?? null, exitCode: entry.exit, details },
    cause,
  );
}

/** Brings a journaled error back to life. */
export function reviveError(record: ErrorRecord): MachinespawnError {
  return new MachinespawnError(record, record.cause === null ? undefined : new Error(record.cause));
}
