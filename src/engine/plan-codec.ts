/** The plan as it is stored beside the journal: one line, with a checksum over it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { deepFreeze } from './freeze.ts';
import { canonicalJson } from './key.ts';
import type { Plan } from './plan.ts';

const planFormat = 1;

const retrySchema = z.strictObject({
  attempts: z.int().min(1),
  on: z.array(z.string()),
  delayMs: z.number().optional(),
  maxDelayMs: z.number().optional(),
});

const planSchema = z.strictObject({
  format: z.literal(planFormat),
  pipeline: z.strictObject({
    id: z.string(),
    summary: z.string(),
    file: z.string().nullable(),
    sourceDigest: z.string(),
  }),
  inputs: z.record(z.string(), z.json()),
  plugins: z.array(z.string()).default([]),
  // Runs of earlier versions know no secrets and no matrix.
  secrets: z.record(z.string(), z.string()).default({}),
  matrix: z
    .strictObject({
      cells: z.array(z.strictObject({ id: z.string(), values: z.record(z.string(), z.json()) })),
      maxParallel: z.int().min(1).nullable(),
      failFast: z.boolean(),
    })
    .nullable()
    .default(null),
  steps: z.array(
    z.strictObject({
      id: z.string(),
      uses: z.string(),
      summary: z.string(),
      with: z.json(),
      needs: z.array(z.string()),
      if: z.string().nullable(),
      retry: retrySchema.nullable(),
      timeoutMs: z.number().nullable(),
      cache: z.boolean(),
      always: z.boolean(),
      cell: z.string().nullable().default(null),
      line: z.int(),
    }),
  ),
  outputs: z.record(z.string(), z.json()),
});

export function encodePlan(plan: Plan): string {
  const body = canonicalJson(plan);
  return `{"checksum":"${checksum(body)}","plan":${body}}\n`;
}

/** Throws MSP_PLAN_CORRUPT, MSP_RUN_FROM_FUTURE. */
export function decodePlan(text: string, runId: string): Plan {
  const damaged = (problem: string, cause?: unknown): never => {
    throw fail('MSP_PLAN_CORRUPT', { run: runId, problem }, cause);
  };
  const stored = parseStored(text);
  if (stored === null) return damaged('it is not the JSON that was written');
  // The checksum first: a format number can only be trusted in a whole plan.
  if (stored.checksum !== checksum(canonicalJson(stored.plan))) return damaged('its checksum does not fit');
  const { format } = stored.plan;
  if (typeof format === 'number' && format > planFormat) {
    throw fail('MSP_RUN_FROM_FUTURE', { run: runId, format, known: planFormat });
  }
  const parsed = planSchema.safeParse(stored.plan);
  if (!parsed.success) return damaged(z.prettifyError(parsed.error), parsed.error);
  return deepFreeze(parsed.data as Plan);
}

/** Hash of what decides the run: a comment, a summary or a moved line changes nothing. 64 hex digits. */
export function planDigest(plan: Plan): string {
  const steps = plan.steps.map(({ line: _line, summary: _summary, needs, ...meaning }) => ({
    ...meaning,
    needs: needs.toSorted(),
  }));
  steps.sort((a, b) => (a.id < b.id ? -1 : 1));
  const { inputs, secrets, outputs, pipeline, matrix } = plan;
  return checksum(canonicalJson({ pipeline: pipeline.id, inputs, secrets, matrix, outputs, steps }));
}

function parseStored(
  text: string,
): { readonly checksum: unknown; readonly plan: Readonly<Record<string, unknown>> } | null {
  try {
    const { checksum: sum, plan, ...rest } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const isRecord = typeof plan === 'object' && plan !== null && !Array.isArray(plan);
    return isRecord && Object.keys(rest).length === 0
      ? { checksum: sum, plan: plan as Readonly<Record<string, unknown>> }
      : null;
  } catch {
    return null;
  }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
