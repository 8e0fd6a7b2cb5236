/** Spans of time as people write them: "10m", "1h30m" <-> milliseconds. */
import { fail } from '../errors/machinespawn-error.ts';

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
type Unit = keyof typeof unitMs;
const units = Object.keys(unitMs) as Unit[];
const part = /(\d{1,9}(?:\.\d{1,3})?)(ms|[dhms])/gu;
const whole = /^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|[dhms]))+$/u;

/** Milliseconds of "90s", "10m", "1h30m", "250ms", "30d". Units fall, each at most once. Throws MSP_USAGE. */
export function parseDuration(text: string): number {
  const parts = whole.test(text) ? [...text.matchAll(part)] : [];
  const order = parts.map((match) => units.indexOf(match[2] as Unit));
  const falls = order.every((rank, index) => index === 0 || rank > (order[index - 1] ?? 0));
  const ms = parts.reduce((sum, match) => sum + Number(match[1]) * unitMs[match[2] as Unit], 0);
  if (parts.length === 0 || !falls || !Number.isSafeInteger(Math.round(ms))) {
    throw fail('MSP_USAGE', { problem: `'${text}' is not a duration`, hint: `write ${suggest(text)}` });
  }
  return Math.round(ms);
}

/** For people: "0.4s", "41s", "1m 05s", "2h 03m". */
export function formatDuration(ms: number): string {
  const tenths = Math.round(ms / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(ms / unitMs.m);
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

function suggest(text: string): string {
  const words = /^\s*(\d{1,9})\s*(ms|milli|h|d|m|s)?/iu.exec(text);
  if (words?.[1] === undefined) return '10m, 90s or 1h30m';
  const word = (words[2] ?? 's').toLowerCase();
  return `${words[1]}${word === 'milli' ? 'ms' : word}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
