/** Amounts as the reports show them. */
import { formatByteSize } from '../../model/byte-size.ts';
import { relativeTime } from '../../model/relative-time.ts';
import type { ActiveStep, Note } from './note.ts';

/** 0.1s, 9.9s, 38s, 1m 12s, 2h 03m. */
export function elapsed(durationMs: number): string {
  const seconds = Math.max(0, durationMs) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

/** Between 0 and 1; null where nobody knows. */
export function fractionOf(step: Pick<ActiveStep, 'done' | 'total' | 'unit'>): number | null {
  const total = step.total ?? (step.unit === 'percent' ? 100 : null);
  if (step.done === null || total === null || total <= 0) return null;
  return Math.min(1, Math.max(0, step.done / total));
}

/** "18.4/30.4 MiB", "61/104", "58%". */
export function amountOf(step: Pick<ActiveStep, 'done' | 'total' | 'unit'>): string | null {
  if (step.done === null) return null;
  if (step.unit === 'percent') return `${Math.round(step.done)}%`;
  if (step.unit !== 'bytes') return step.total === null ? String(step.done) : `${step.done}/${step.total}`;
  if (step.total === null) return formatByteSize(step.done);
  return byteRange(step.done, step.total);
}

function byteRange(done: number, total: number): string {
  const [, unit = 'B'] = formatByteSize(total).split(' ');
  const power = ['B', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit);
  const digits = power === 0 ? 0 : 1;
  return `${(done / 1024 ** power).toFixed(digits)}/${(total / 1024 ** power).toFixed(digits)} ${unit}`;
}

/** "downloading packages 18.4/30.4 MiB  libsystemd0". */
export function activityOf(step: ActiveStep): string {
  if (step.waiting !== null) return step.waiting;
  const what = [step.phase, amountOf(step)].filter((part) => part !== null).join(' ');
  return [what, step.text ?? ''].filter((part) => part !== '').join('  ');
}

/** "from cache, built 3 minutes ago". */
export function reuseOf(note: Extract<Note, { kind: 'cached' }>): string {
  if (note.sameRun) return 'done before';
  if (note.createdAt === null) return 'from cache';
  return `from cache, built ${relativeTime(Date.parse(note.createdAt), note.atMs)}`;
}
