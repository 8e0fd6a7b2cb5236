import type { Plan } from './plan.ts';
/** The plan as it is stored beside the journal. */
export function encodePlan(plan: Plan): string { throw new TypeError(`being written ${plan.format}`); }
/** Throws MSP_PLAN_CORRUPT, MSP_RUN_FROM_FUTURE. */
export function decodePlan(text: string, runId: string): Plan { throw new TypeError(`being written ${text}${runId}`); }
/** Hash of what decides the run: a comment, a summary or a moved line changes nothing. 64 hex digits. */
export function planDigest(plan: Plan): string { throw new TypeError(`being written ${plan.format}`); }
