/** While `plugins check` looks at a plugin, its tests register their checks here instead of with a test runner. */
import type { StepCheck } from './step-checks.ts';

export interface CollectedChecks {
  /** Id of the step. */
  readonly step: string;
  readonly checks: readonly StepCheck[];
}

const symbol = Symbol.for('machinespawn.collected-checks');
const place = globalThis as { [symbol]?: CollectedChecks[] };

/** From now on checks come here. Gives the list that they come to. */
export function collectChecks(): readonly CollectedChecks[] {
  place[symbol] ??= [];
  return place[symbol];
}

/** Null when nobody collects. */
export function openCollection(): CollectedChecks[] | null {
  return place[symbol] ?? null;
}
