/** What a matrix of 200 entries costs to plan and in memory. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createApp } from '../src/app.ts';
import { median } from './alternate.ts';
import { limited, type Bench } from './bench.ts';

const entries = 200;
const megabyte = 1024 * 1024;

export const matrix: Bench = {
  summary: 'a matrix of 200 entries: time to plan, memory to run',
  needsRoot: false,

  async run({ work, pairs = 3, say }) {
    const turns = [];
    for (let turn = 0; turn < pairs; turn += 1) turns.push(await measure(`${work}/matrix-${turn}`));
    const planMs = median(turns.map((turn) => turn.planMs));
    const grownMb = median(turns.map((turn) => turn.grownBytes)) / megabyte;
    say(`  plan: ${planMs.toFixed(0)} ms, memory of the run: ${grownMb.toFixed(0)} MiB more`);
    return [
      {
        title: `Matrix: ${entries} entries of a pipeline of two steps`,
        heads: ['measured'],
        rows: [
          limited('read, check and plan', [`${planMs.toFixed(0)} ms`], planMs, 1000, ' ms'),
          limited('memory that the run adds', [`${grownMb.toFixed(0)} MiB`], grownMb, 64, ' MiB'),
        ],
        notes: [
          'Memory: resident set after the run less that before it, both after a collection where Node allows one.',
        ],
      },
    ];
  },
};

async function measure(place: string): Promise<{ readonly planMs: number; readonly grownBytes: number }> {
  mkdirSync(place);
  const pipeline = `${place}/many.yaml`;
  const values = Array.from({ length: entries }, (_, index) => index).join(', ');
  const steps = [
    '  - { id: a, uses: echo, with: { text: "a ${{ matrix.n }}" } }',
    '  - { id: b, uses: echo, with: { text: "b ${{ steps.a.outputs.text }}" } }',
  ];
  const head = ['format: 1', 'id: many', 'summary: Many entries', `matrix: { n: [${values}] }`, 'steps:'];
  writeFileSync(pipeline, [...head, ...steps, ''].join('\n'));
  const settings = {
    machinesDirectory: `${place}/machines`,
    cacheDirectory: `${place}/cache`,
    stateDirectory: `${place}/state`,
  };
  const app = createApp({ settings, environment: {}, cwd: place, argv: process.argv });
  const start = performance.now();
  const plan = await app.plan({ pipeline, inputs: {} });
  const planMs = performance.now() - start;
  if (plan.steps.length !== 2 * entries) throw new Error(`the plan has ${plan.steps.length} steps`);
  const before = resident();
  const { status } = await (await app.run({ pipeline, inputs: {} }, () => {})).done;
  if (status !== 'succeeded') throw new Error(`the run of ${pipeline} ended as ${status}`);
  return { planMs, grownBytes: Math.max(0, resident() - before) };
}

function resident(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}
