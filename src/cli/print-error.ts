/** The only place that words an error for a person. */
import { inspect } from 'node:util';
import { MachinespawnError, type ErrorRecord } from '../errors/machinespawn-error.ts';
import { redact } from '../errors/redact.ts';
import { exitCodes } from './exit-codes.ts';
import type { Paint } from './terminal.ts';

export interface ErrorPlaceInRun {
  readonly run: string | null;
  /** Log file of the step that failed. */
  readonly log: string | null;
}

const nowhere: ErrorPlaceInRun = { run: null, log: null };

export function exitCodeOf(error: unknown): number {
  return MachinespawnError.is(error) ? error.exitCode : exitCodes.bug;
}

/** The error for `--json`: one object on stderr. */
export function errorAsJson(error: unknown, place: ErrorPlaceInRun = nowhere): string {
  const record = asRecord(error);
  const { code, message, hint, exitCode, details } = record;
  return JSON.stringify({ error: { code, message, hint, exitCode, run: place.run, details } });
}

/** Lines for stderr: error, hint, log. What to do comes last. */
export function errorLines(error: unknown, paint: Paint, place: ErrorPlaceInRun = nowhere): readonly string[] {
  if (!MachinespawnError.is(error)) return bugLines(error, paint);
  const record = error.toJSON();
  const [first = '', ...more] = record.message.split('\n');
  const lines =
    record.code === 'MSP_PIPELINE_INVALID'
      ? faultLines(record, paint)
      : [headline(record, first, paint), ...more.map((line) => `  ${line}`)];
  for (const [index, line] of (record.hint ?? '').split('\n').entries()) {
    if (line !== '') lines.push(index === 0 ? `${paint('cyan', 'hint:')} ${line}` : `      ${line}`);
  }
  if (place.log !== null) lines.push(`${paint('dim', 'log: ')} ${place.log}`);
  return lines;
}

/** The code of a usage error says nothing that the text does not. */
function headline(record: ErrorRecord, text: string, paint: Paint): string {
  const code = record.exitCode === exitCodes.usage ? '' : ` ${paint('dim', `(${record.code})`)}`;
  return `${paint('red', 'error:')} ${text}${code}`;
}

function faultLines(record: ErrorRecord, paint: Paint): string[] {
  const faults = Array.isArray(record.details['faults']) ? record.details['faults'].length : 0;
  return [
    ...record.message.split('\n'),
    headline(record, `the pipeline has ${faults} fault${faults === 1 ? '' : 's'}`, paint),
  ];
}

function bugLines(error: unknown, paint: Paint): readonly string[] {
  const text = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  const cause =
    error instanceof Error && error.cause !== undefined ? [`caused by: ${redact(inspect(error.cause))}`] : [];
  return [
    `${paint('red', 'error:')} machinespawn failed in a way nobody foresaw ${paint('dim', '(MSP_INTERNAL)')}`,
    ...redact(text)
      .split('\n')
      .map((line) => `  ${line}`),
    ...cause,
    `${paint('cyan', 'hint:')} this is a bug; please report it with the lines above`,
  ];
}

function asRecord(error: unknown): {
  code: string;
  message: string;
  hint: string | null;
  exitCode: number;
  details: Readonly<Record<string, unknown>>;
} {
  if (MachinespawnError.is(error)) return error.toJSON();
  const message = redact(error instanceof Error ? error.message : String(error));
  const stack = error instanceof Error && error.stack !== undefined ? redact(error.stack) : null;
  return {
    code: 'MSP_INTERNAL',
    message,
    hint: 'this is a bug; please report it',
    exitCode: exitCodes.bug,
    details: { stack },
  };
}
