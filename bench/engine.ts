/** What the engine costs for each step, as a multiple of one synced append to the same disk. */
import fs, { mkdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createApp } from '../src/app.ts';
import { JournalFile } from '../src/host/journal-file.ts';
import { alternate, median, medianRatio } from './alternate.ts';
import { limited, type Bench, type BenchRow } from './bench.ts';
import { machinespawn, placeOptions, runProgram } from './program.ts';

const sizes = [10, 50, 500, 5000];
const shapes = { chain: 1, wide: 4 } as const;

export const engine: Bench = {
  summary: 'cost of a step, as a multiple of one synced append',
  needsRoot: false,

  async run({ work, pairs = 3, say }) {
    const rows: BenchRow[] = [];
    for (const shape of ['chain', 'wide'] as const) {
      for (const size of sizes) {
        const turns = await Promise.resolve().then(async () => {
          const made: Measured[] = [];
          // The long ones are steady enough.
          for (let turn = 0; turn < (size > 1000 ? 1 : pairs); turn += 1) made.push(await measure(work, shape, size));
          return made;
        });
        const [plan, run] = [median(turns.map(({ planMs }) => planMs)), median(turns.map(({ runMs }) => runMs))];
        const multiple = median(turns.map(({ runMs, appendMs }) => runMs / size / appendMs));
        const syncs = Math.max(...turns.map((turn) => turn.syncs / size));
        say(`  ${shape} of ${size}: ${run.toFixed(0)} ms`);
        const cells = [`${plan.toFixed(0)} ms`, `${(run / size).toFixed(2)} ms`, multiple.toFixed(1), syncs.toFixed(2)];
        // The few appends of the run itself weigh on the small ones.
        rows.push(
          size < 500
            ? { what: `${shape}, ${size} steps`, cells, reach: null, isReached: null }
            : limited(`${shape}, ${size} steps`, cells, Math.floor(syncs * 50) / 50, 3, ' syncs'),
        );
      }
      const times = await alternate(
        { few: async () => wholeCommand(work, shape, 500), many: async () => wholeCommand(work, shape, 5000) },
        pairs,
        say,
      );
      const growth = medianRatio(times.many, times.few);
      const text = `${(median(times.many) / 1000).toFixed(2)} s, ${growth.toFixed(1)} times`;
      rows.push(limited(`${shape}, 5,000 against 500 steps, the whole command`, ['', '', text, ''], growth, 10));
    }
    return [
      {
        title: 'Engine: echo steps, one after the other and side by side (--jobs 4)',
        heads: ['plan', 'run, each step', 'in synced appends', 'syncs, each step'],
        rows,
        notes: [
          'A synced append is write + fdatasync of 300 bytes, 200 times before and after each run, median.',
          'All fsync and fdatasync calls of the process during the run are counted.',
        ],
      },
    ];
  },
};

interface Measured {
  readonly planMs: number;
  readonly runMs: number;
  readonly appendMs: number;
  readonly syncs: number;
}

/** As a user has it: a process of its own, so that neither has the other's warmed-up code. Gives milliseconds. */
async function wholeCommand(work: string, shape: keyof typeof shapes, size: number): Promise<number> {
  salt += 1;
  const place = `${work}/engine-${salt}`;
  mkdirSync(place);
  const pipeline = `${place}/${shape}.yaml`;
  writeFileSync(pipeline, yamlOf(shape, size, String(salt)));
  const options = [...placeOptions(place), '--progress', 'none', '--no-cache', '--jobs', String(shapes[shape])];
  return (await runProgram(machinespawn('pipeline', 'run', pipeline, ...options))).ms;
}

let salt = 0;

async function measure(work: string, shape: keyof typeof shapes, size: number): Promise<Measured> {
  salt += 1;
  const place = `${work}/engine-${salt}`;
  mkdirSync(place);
  const pipeline = `${place}/${shape}.yaml`;
  writeFileSync(pipeline, yamlOf(shape, size, String(salt)));
  const settings = {
    machinesDirectory: `${place}/machines`,
    cacheDirectory: `${place}/cache`,
    stateDirectory: `${place}/state`,
  };
  const app = createApp({ settings, environment: {}, cwd: place, argv: process.argv });
  const request = { pipeline, inputs: {}, jobs: shapes[shape], noCache: true };
  const planStart = performance.now();
  await app.showPipeline(pipeline);
  const planMs = performance.now() - planStart;
  const before = appendTimes(`${place}/append-before`);
  const counter = countSyncs();
  const start = performance.now();
  const handle = await app.run(request, () => {});
  const { status } = await handle.done;
  const runMs = performance.now() - start;
  const syncs = counter.stop();
  if (status !== 'succeeded') throw new Error(`the run of ${pipeline} ended as ${status}`);
  return { planMs, runMs, syncs, appendMs: median([...before, ...appendTimes(`${place}/append-after`)]) };
}

function yamlOf(shape: keyof typeof shapes, size: number, text: string): string {
  const steps = Array.from({ length: size }, (_, at) => {
    const value = shape === 'chain' && at > 0 ? `\${{ steps.s${at - 1}.outputs.text }}` : `${text}-${at}`;
    return `  - { id: s${at}, uses: echo, with: { text: "${value}" } }`;
  });
  return ['format: 1', `id: ${shape}`, 'summary: Many small steps', 'steps:', ...steps, ''].join('\n');
}

function appendTimes(path: string): readonly number[] {
  const file = new JournalFile(path, 0);
  const text = `${'x'.repeat(299)}\n`;
  const times = Array.from({ length: 200 }, () => {
    const start = performance.now();
    file.append(text);
    return performance.now() - start;
  });
  file.close();
  return times;
}

/** Counts where it happens, so that no sync of anybody's is missed. */
function countSyncs(): { stop(): number } {
  const { fsyncSync, fdatasyncSync, fsync, fdatasync } = fs;
  let count = 0;
  const counted = <F extends (...args: never[]) => unknown>(real: F): F =>
    ((...args: never[]) => {
      count += 1;
      return real(...args);
    }) as F;
  Object.assign(fs, {
    fsyncSync: counted(fsyncSync),
    fdatasyncSync: counted(fdatasyncSync),
    fsync: counted(fsync as never),
    fdatasync: counted(fdatasync as never),
  });
  syncBuiltinESMExports();
  return {
    stop: () => {
      Object.assign(fs, { fsyncSync, fdatasyncSync, fsync, fdatasync });
      syncBuiltinESMExports();
      return count;
    },
  };
}
