/** Compares an index's dates with the clock: debootstrap does not look, apt inside the machine does. */
import type { ReleaseFile } from './release-file.ts';

export type Freshness =
  | { readonly state: 'fresh' }
  /** The index is from the future, so the clock is wrong. */
  | { readonly state: 'clock-behind'; readonly releaseDate: string }
  /** The mirror is stale, or the clock is ahead. */
  | { readonly state: 'expired'; readonly validUntil: string };

/** Clocks of mirrors differ by moments. */
const toleranceMs = 10 * 60_000;

export function judgeFreshness(file: Pick<ReleaseFile, 'date' | 'validUntil'>, nowMs: number): Freshness {
  if (Date.parse(file.date) > nowMs + toleranceMs) return { state: 'clock-behind', releaseDate: file.date };
  if (file.validUntil !== null && Date.parse(file.validUntil) < nowMs - toleranceMs) {
    return { state: 'expired', validUntil: file.validUntil };
  }
  return { state: 'fresh' };
}
