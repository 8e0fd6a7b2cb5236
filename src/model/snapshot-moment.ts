/** A moment of an archive's past, as --snapshot takes it. */
import { fail } from '../errors/machinespawn-error.ts';

/**
 * "2026-11-01", "20261101", "2026-11-01T12:00:00Z" or "20261101T120000Z", in UTC -> "20261101T120000Z".
 * Throws MSP_USAGE.
 */
export function parseSnapshotMoment(text: string): string {
  const match = /^(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2}):?(\d{2})Z)?$/u.exec(text);
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00'] = match ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  // A 31st of February is a date to Date.parse, but another one than was written.
  const ms = match === null ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso) {
    throw fail('MSP_USAGE', {
      problem: `'${text}' is not a moment of the past`,
      hint: 'as in --snapshot 2026-11-01 or --snapshot 20261101T120000Z, in UTC',
    });
  }
  return `${year}${month}${day}T${hour}${minute}${second}Z`;
}

/** Milliseconds since 1970 of what `parseSnapshotMoment` gives. */
export function snapshotMs(moment: string): number {
  return Date.parse(moment.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/u, '$1-$2-$3T$4:$5:$6Z'));
}
