/** Step types and shortcuts for tests of pipeline files. */
import { z } from 'zod';
import { MachinespawnError } from '../../../../src/errors/machinespawn-error.ts';
import { genericInputTypes, type InputTypes } from '../../../../src/engine/input-types.ts';
import { parsePipeline } from '../../../../src/engine/pipeline-file.ts';
import type { PipelineFault } from '../../../../src/engine/pipeline-faults.ts';
import type { Pipeline } from '../../../../src/engine/pipeline.ts';
import { makePlan, type Plan } from '../../../../src/engine/plan.ts';
import { StepRegistry } from '../../../../src/engine/step-registry.ts';
import type { Step } from '../../../../src/engine/step.ts';

const colours = ['red', 'green', 'blue'] as const;

export const paint = {
  id: 'paint',
  summary: 'Paint a thing',
  version: 1,
  input: z.strictObject({
    thing: z.string().describe('What is painted'),
    colour: z.enum(colours).default('red').describe('In which colour'),
    coats: z.int().min(1).max(9).optional().describe('How often'),
    tags: z.array(z.string()).optional().describe('Words about it'),
    owner: z
      .strictObject({ name: z.string().describe('Who'), since: z.string().nullable().describe('When') })
      .optional()
      .describe('Whose it is'),
    size: z.union([z.number(), z.string()]).optional().describe('How large'),
  }),
  output: z.strictObject({
    thing: z.string(),
    coats: z.number(),
    owner: z.strictObject({ name: z.string() }).nullable(),
    parts: z.array(z.strictObject({ weight: z.number() })),
    notes: z.record(z.string(), z.string()),
  }),
  reuse: 'always',
  run: () => Promise.resolve({ thing: '', coats: 1, owner: null, parts: [], notes: {} }),
} satisfies Step;

const echo = {
  id: 'echo',
  summary: 'Give a text back',
  version: 1,
  input: z.strictObject({ text: z.string().describe('The text') }),
  output: z.strictObject({ text: z.string() }),
  reuse: 'always',
  run: () => Promise.resolve({ text: '' }),
} satisfies Step;

export function testRegistry(): StepRegistry {
  const registry = new StepRegistry();
  registry.add('paint', () => Promise.resolve(paint));
  registry.add('echo', () => Promise.resolve(echo));
  return registry;
}

export const testInputTypes: InputTypes = genericInputTypes;

export function parse(text: string): Promise<Pipeline> {
  return parsePipeline(text, { file: 'live.yaml', registry: testRegistry(), inputTypes: testInputTypes });
}

export async function plan(text: string, inputs: Readonly<Record<string, unknown>> = {}): Promise<Plan> {
  return makePlan(await parse(text), inputs, testRegistry());
}

/** The faults of a file; an empty list when it has none. Any other error is thrown on. */
export async function faultsOf(text: string): Promise<readonly PipelineFault[]> {
  try {
    await parse(text);
    return [];
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code !== 'MSP_PIPELINE_INVALID') throw error;
    return error.data['faults'] as readonly PipelineFault[];
  }
}

/** A file with these steps, from line 5 on. */
export function withSteps(steps: string, more = ''): string {
  return `format: 1\nid: demo\nsummary: Paint things\n${more}steps:\n${steps}`;
}
