/** `npm run bench [-- NAME…] [--write] [--pairs N] [--only ROW] [--work DIR]`: prints tables of ratios; 1 when something is not reached. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from '../scripts/docs/markdown-table.ts';
import { replaceMarked } from '../scripts/docs/replace-marked.ts';
import type { Bench, BenchTable } from './bench.ts';
import { bootstrap } from './bootstrap.ts';
import { describeMachine } from './describe-machine.ts';
import { engine } from './engine.ts';
import { freshDisk, type FreshDisk } from './fresh-disk.ts';
import { matrix } from './matrix.ts';
import { removeTree } from './program.ts';
import { pull } from './pull.ts';
import { second } from './second.ts';
import { startUp } from './start-up.ts';

const benches: Readonly<Record<string, Bench>> = { 'start-up': startUp, engine, second, bootstrap, pull, matrix };
const results = join(import.meta.dirname, 'RESULTS.md');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean' },
    pairs: { type: 'string' },
    work: { type: 'string' },
    only: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0)
  throw new Error(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const parent = values.work ?? tmpdir();
mkdirSync(parent, { recursive: true });
const machine = describeMachine(parent);
const ofDisk = 'a fresh ext4 on a loop device there for what needs root';
process.stdout.write(`${machine.join('\n')}\n\n`);

for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
  const bench = benches[name];
  if (bench === undefined) continue;
  if (bench.needsRoot && process.geteuid?.() !== 0) throw new Error(`the benchmark ${name} needs root`);
  say(`${name}: ${bench.summary}`);
  const work = mkdtempSync(join(parent, `machinespawn-bench-`));
  let disk: FreshDisk | null = null;
  try {
    if (bench.needsRoot) disk = await freshDisk(work);
    const pairs = values.pairs === undefined ? undefined : Number(values.pairs);
    const tables = await bench.run({ work: disk?.path ?? work, pairs, only: values.only, say });
    const text = tables.map(tableText).join('\n\n');
    process.stdout.write(`${text}\n\n`);
    if (tables.some(({ rows }) => rows.some(({ isReached }) => isReached === false))) process.exitCode = 1;
    const measured = `${text}\n\nMeasured on: ${machine.join('; ')}; ${ofDisk}.`;
    if (values.write === true) writeFileSync(results, replaceMarked(readFileSync(results, 'utf8'), name, measured));
  } finally {
    await disk?.release();
    await removeTree(work);
  }
}

function tableText({ title, heads, rows, notes = [] }: BenchTable): string {
  const cells = rows.map(({ what, cells: values, reach, isReached }) => [
    what,
    ...values,
    reach ?? '',
    isReached === null ? '' : isReached ? 'yes' : 'NO',
  ]);
  return [`### ${title}`, markdownTable(['', ...heads, 'reach', 'reached'], cells), ...notes].join('\n\n');
}
