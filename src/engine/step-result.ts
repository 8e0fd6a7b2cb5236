/** What a planned step would be asked and where its result would be kept: input, identity, key, and earlier results. */
import { MachinespawnError, fail } from '../errors/machinespawn-error.ts';
import { evaluateValue, type ExpressionContext } from './expression.ts';
import { deepFreeze } from './freeze.ts';
import { diffIdentity, stepKey } from './key.ts';
import type { PlannedStep } from './plan.ts';
import type { Clock, ResultStore, StoredResult } from './ports.ts';
import type { SecretMask } from './secret-mask.ts';
import type { AnyStep, Json } from './step.ts';

export interface Question {
  /** Parsed and frozen. */
  readonly input: unknown;
  readonly identity: Json;
  readonly key: string;
}

/** Throws MSP_EXPRESSION_FAILED, MSP_STEP_INPUT_INVALID. */
export async function askedOf(
  planned: PlannedStep,
  type: AnyStep,
  context: ExpressionContext,
  mask: SecretMask,
): Promise<Question> {
  const value = await evaluateValue(planned.with, context);
  const parsed = type.input.safeParse(value ?? {});
  if (!parsed.success) {
    const problem = parsed.error.issues
      .map((issue: { path: PropertyKey[]; message: string }) => `${issue.path.join('.') || 'with'}: ${issue.message}`)
      .join('; ');
    throw fail('MSP_STEP_INPUT_INVALID', { step: planned.id, problem });
  }
  const input: unknown = deepFreeze(parsed.data);
  const open = JSON.parse(JSON.stringify(type.identity === undefined ? input : type.identity(input))) as Json;
  const identity = mask.identity(open);
  return { input, identity, key: stepKey({ type: planned.uses, version: type.version, identity }) };
}

/** A result that serves, or why there is none. `why` is null when explaining was not asked for. */
export async function lookUp(
  results: ResultStore,
  uses: string,
  type: AnyStep,
  question: Question,
  clock: Clock,
  explain: boolean,
): Promise<{ readonly hit: StoredResult | null; readonly why: string | null }> {
  let hit: StoredResult | null = null;
  try {
    hit = await results.get(uses, question.key);
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code !== 'MSP_RESULT_CORRUPT') throw error;
    return { hit: null, why: error.message };
  }
  if (hit !== null)
    return {
      hit,
      why: explain ? `made ${ageText(clock.now() - Date.parse(hit.createdAt))} by run ${hit.runId}` : null,
    };
  return { hit: null, why: explain ? await explainMiss(results, uses, type, question) : null };
}

const nearestOf = 20;

async function explainMiss(results: ResultStore, uses: string, type: AnyStep, question: Question): Promise<string> {
  const earlier = await results.recent(uses, nearestOf);
  if (earlier.length === 0) return 'no result yet';
  let best: { text: string; count: number } | null = null;
  for (const result of earlier) {
    const changes = diffIdentity(result.identity, question.identity);
    if (best !== null && changes.length >= best.count) continue;
    const shown = changes
      .slice(0, 3)
      .map((change) => `${change.path} is ${short(change.after)}, was ${short(change.before)}`);
    const version =
      result.version === type.version ? [] : [`version of the step is ${type.version}, was ${result.version}`];
    best = { text: [...version, ...shown].join('; ') || 'its stored result is gone', count: changes.length };
  }
  return best?.text ?? 'no result yet';
}

function short(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^(tree:)?[0-9a-f]{64}$/u.test(text)
    ? `${text.replace('tree:', '').slice(0, 12)}…`
    : text.length > 60
      ? `${text.slice(0, 57)}…`
      : text;
}

/** "3 minutes ago", to the second where it is short. */
function ageText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  for (const [unit, size] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return seconds < 5 ? 'just now' : `${seconds} seconds ago`;
}
