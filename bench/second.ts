/** A second machine from the cache, against `cp -a` of the same tree; on this disk and on btrfs; beside it `machinectl import-fs`. */
import { mkdirSync } from 'node:fs';
import { alternate, median, medianRatio } from './alternate.ts';
import { limited, type Bench, type BenchTable } from './bench.ts';
import { freshDisk } from './fresh-disk.ts';
import { importFs } from './import-fs.ts';
import { machinespawn, placeOptions, removeTree, runProgram, settleDisk } from './program.ts';

const image = ['debian-bookworm', '--variant', 'minbase'];

export const second: Bench = {
  summary: 'second machine from the cache, against cp -a',
  needsRoot: true,

  async run({ work, pairs = 9, say }) {
    const first = `${work}/here`;
    const here = await measure('on the file system of the work directory', first, pairs, say);
    const imported = await importFs(first, pairs, say);
    const disk = await freshDisk(work, 'btrfs');
    try {
      // Packages need not come through the network twice.
      mkdirSync(`${disk.path}/cache`);
      await runProgram(['cp', '-a', `${first}/cache/packages`, `${disk.path}/cache/packages`]);
      return [
        tableOfCopies(here, pairs),
        imported,
        tableOfBtrfs(await measure('on btrfs', disk.path, pairs, say), pairs),
      ];
    } finally {
      await disk.release();
    }
  },
};

interface Measured {
  /** Milliseconds of each turn. */
  readonly whole: readonly number[];
  readonly copy: readonly number[];
  /** To wait until the copy is on the disk, before it is published; `cp -a` leaves that to the kernel. */
  readonly sync: readonly number[];
  readonly own: readonly number[];
  readonly cp: readonly number[];
}

async function measure(where: string, place: string, pairs: number, say: (text: string) => void): Promise<Measured> {
  say(`  building the base ${where}`);
  await runProgram(machinespawn(...placeOptions(place), '-y', '--progress', 'none', ...image, 'bread'));
  const [copies, syncs]: [number[], number[]] = [[], []];
  const ours = async (): Promise<number> => {
    await settleDisk();
    const { ms, stderr } = await runProgram(
      machinespawn(...placeOptions(place), '-y', '--progress', 'json', ...image, 'toast'),
    );
    copies.push(durationOf('materialize-machine', stderr));
    syncs.push(durationOf('register-machine', stderr));
    await runProgram(machinespawn(...placeOptions(place), '-y', '--progress', 'none', 'remove', 'toast'));
    return ms;
  };
  const cp = async (): Promise<number> => {
    await settleDisk();
    const { ms } = await runProgram(['cp', '-a', `${place}/machines/bread`, `${place}/machines/.#copy`]);
    await removeTree(`${place}/machines/.#copy`);
    return ms;
  };
  await ours();
  await cp();
  copies.length = 0;
  syncs.length = 0;
  const times = await alternate({ whole: ours, cp }, pairs, say);
  const own = times.whole.map((ms, turn) => ms - (copies[turn] ?? 0) - (syncs[turn] ?? 0));
  return { ...times, copy: copies, sync: syncs, own };
}

/** How long a step took, by its own event. */
function durationOf(type: string, events: string): number {
  const line = events
    .split('\n')
    .find((text) => text.includes('"type":"step.succeeded"') && text.includes(`"uses":"${type}"`));
  if (line === undefined) throw new Error(`there was no ${type}:\n${events.slice(-3000)}`);
  return (JSON.parse(line) as { durationMs: number }).durationMs;
}

const inMs = (times: readonly number[]): string => `${median(times).toFixed(0)} ms`;

function tableOfCopies({ whole, copy, sync, own, cp }: Measured, pairs: number): BenchTable {
  const ratio = medianRatio(copy, cp);
  return {
    title: 'Second machine from the cache (minbase bookworm amd64)',
    heads: ['machinespawn', 'cp -a', 'ratio'],
    rows: [
      limited('the copy', [inMs(copy), inMs(cp), ratio.toFixed(2)], ratio, 1),
      limited('all around the copy and the sync', [inMs(own), '', ''], median(own), 400, ' ms'),
      {
        what: 'publishing: sync(1) of the copy and a rename',
        cells: [inMs(sync), '', ''],
        reach: null,
        isReached: null,
      },
      {
        what: 'the whole command',
        cells: [inMs(whole), inMs(cp), medianRatio(whole, cp).toFixed(2)],
        reach: null,
        isReached: null,
      },
    ],
    notes: [
      `Medians of ${pairs} alternating pairs, each after sync(1). cp -a writes nothing to the disk; a machine is published when it is there.`,
    ],
  };
}

function tableOfBtrfs({ whole, copy, cp }: Measured, pairs: number): BenchTable {
  return {
    title: 'Second machine from the cache, on btrfs (loop device)',
    heads: ['machinespawn', 'cp -a', 'ratio'],
    rows: [
      limited(
        'the whole command',
        [inMs(whole), inMs(cp), medianRatio(whole, cp).toFixed(2)],
        median(whole),
        500,
        ' ms',
      ),
      {
        what: 'the snapshot',
        cells: [inMs(copy), inMs(cp), medianRatio(copy, cp).toFixed(2)],
        reach: null,
        isReached: null,
      },
    ],
    notes: [`Medians of ${pairs} alternating pairs, each after sync(1).`],
  };
}
