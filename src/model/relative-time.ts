/** How long ago something was, for lists: "2 hours ago", "yesterday". */

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Both in milliseconds since 1970. What lies ahead (a clock that was set back) is "just now". */
export function relativeTime(thenMs: number, nowMs: number): string {
  const ago = nowMs - thenMs;
  if (ago < minute) return 'just now';
  if (ago < hour) return count(ago / minute, 'minute');
  if (ago < day) return count(ago / hour, 'hour');
  if (ago < 2 * day) return 'yesterday';
  if (ago < 14 * day) return count(ago / day, 'day');
  if (ago < 60 * day) return count(ago / (7 * day), 'week');
  if (ago < 730 * day) return count(ago / (30.44 * day), 'month');
  return count(ago / (365.25 * day), 'year');
}

function count(amount: number, unit: string): string {
  const whole = Math.max(1, Math.floor(amount));
  return `${whole} ${unit}${whole === 1 ? '' : 's'} ago`;
}
