/** `--progress json`: each event as it is, one line each. */
import type { RunEvent } from '../../engine/events.ts';

export function jsonLine(event: RunEvent): string {
  return JSON.stringify(event);
}
