/** Times `materialize`'s copy against one `cp -a` of the same tree, turn by turn, so that both meet the same noise. */
import { copyTree } from '../src/snapshots/copy-tree.ts';
import { removeTree } from '../src/snapshots/remove-tree.ts';
import type { RunTool } from '../src/snapshots/run-tool.ts';
import { join } from 'node:path';

export interface CopyComparison {
  readonly cpMedianMs: number;
  readonly ourMedianMs: number;
  /** Median of the ratios of each turn; below 1 is faster than `cp -a`. */
  readonly ratio: number;
}

export interface CopyComparisonOptions {
  readonly source: string;
  /** Existing directory for the copies; on the file system to be measured. */
  readonly scratch: string;
  readonly run: RunTool;
  /** @default 7 */
  readonly turns?: number;
  /** What makes our copy at the path; a plain copy of `source` otherwise. */
  readonly copy?: (target: string) => Promise<void>;
}

export async function compareWithCp(options: CopyComparisonOptions): Promise<CopyComparison> {
  const { source, scratch, run, turns = 7 } = options;
  const ours = options.copy ?? (async (target: string) => copyTree(source, target, run));
  const theirs = async (target: string): Promise<void> => void (await run('cp', ['-a', source, target]));
  const cpMs: number[] = [];
  const ourMs: number[] = [];
  const time = async (work: (target: string) => Promise<void>, results: number[]): Promise<void> => {
    const target = join(scratch, 'copy');
    // What the one left to be written must not be paid by the other.
    await run('sync', ['-f', scratch]);
    const start = performance.now();
    await work(target);
    results.push(performance.now() - start);
    await removeTree(target, run);
  };
  for (let turn = 0; turn < turns; turn += 1) {
    const order: readonly [typeof ours, number[]][] = [
      [theirs, cpMs],
      [ours, ourMs],
    ];
    for (const [work, results] of turn % 2 === 0 ? order : order.toReversed()) await time(work, results);
  }
  const ratios = ourMs.map((ms, turn) => ms / (cpMs[turn] ?? Number.NaN));
  return { cpMedianMs: median(cpMs), ourMedianMs: median(ourMs), ratio: median(ratios) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
