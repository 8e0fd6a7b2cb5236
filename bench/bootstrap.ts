/** Cold bootstrap with a warm package cache against plain debootstrap, fresh directories for each run. */
import { alternate, median, medianRatio } from './alternate.ts';
import { limited, type Bench } from './bench.ts';
import { machinespawn, placeOptions, removeTree, runProgram, settleDisk } from './program.ts';
import { mkdirSync } from 'node:fs';

const suite = 'bookworm';
const mirror = 'http://deb.debian.org/debian';
const limit = 1.1;

export const bootstrap: Bench = {
  summary: 'cold bootstrap with a warm package cache, against debootstrap',
  needsRoot: true,

  async run({ work, pairs = 3, say }) {
    const [place, plain, packages] = [`${work}/ours`, `${work}/plain`, `${work}/packages`];
    mkdirSync(packages, { recursive: true });
    const ours = async (): Promise<number> => {
      // Only the packages stay: no tree and no result of an earlier run serves.
      await removeTree(`${place}/machines`, `${place}/state`, `${place}/cache/snapshots`, `${place}/cache/results`);
      await settleDisk();
      const { ms } = await runProgram(
        machinespawn(
          ...placeOptions(place),
          '-y',
          '--progress',
          'none',
          `debian-${suite}`,
          'cold',
          'amd64',
          '--variant',
          'minbase',
        ),
      );
      return ms;
    };
    const theirs = async (): Promise<number> => {
      await removeTree(plain);
      await settleDisk();
      const { ms } = await runProgram(
        [
          'debootstrap',
          '--variant=minbase',
          '--arch=amd64',
          '--force-check-gpg',
          `--cache-dir=${packages}`,
          suite,
          plain,
          mirror,
        ],
        { ...process.env, LC_ALL: 'C.UTF-8' },
      );
      return ms;
    };
    say('  filling both package caches');
    await ours();
    await theirs();
    const times = await alternate({ ours, theirs }, pairs, say);
    const ratio = medianRatio(times.ours, times.theirs);
    const cells = [seconds(times.ours), seconds(times.theirs), ratio.toFixed(2)];
    return [
      {
        title: 'Cold bootstrap (minbase bookworm amd64, packages already there)',
        heads: ['machinespawn', 'debootstrap', 'ratio'],
        rows: [limited('the whole command', cells, ratio, limit)],
        notes: [`Medians of ${pairs} alternating pairs, each into a fresh directory after sync(1).`],
      },
    ];
  },
};

function seconds(times: readonly number[]): string {
  return `${(median(times) / 1000).toFixed(1)} s`;
}
