/** How long commands take that only look, against Node doing nothing. */
import { mkdirSync } from 'node:fs';
import { alternate, median, medianRatio } from './alternate.ts';
import { limited, type Bench } from './bench.ts';
import { machinespawn, placeOptions, runProgram } from './program.ts';

const limit = 2.5;

export const startUp: Bench = {
  summary: '--help, list and images, against node -e 0',
  needsRoot: false,

  async run({ work, pairs = 21, say }) {
    const place = `${work}/start-up`;
    mkdirSync(`${place}/machines`, { recursive: true });
    const time = (argv: readonly string[]) => async (): Promise<number> => (await runProgram(argv)).ms;
    const contenders = {
      node: time([process.execPath, '-e', '0']),
      '--help': time(machinespawn('--help')),
      list: time(machinespawn('list', ...placeOptions(place))),
      images: time(machinespawn('images', ...placeOptions(place))),
    };
    // Once, so that caches of code are as they are for anybody's second call.
    for (const contender of Object.values(contenders)) await contender();
    const times = await alternate(contenders, pairs, say);
    const row = (name: 'list' | 'images' | '--help') => {
      const ratio = medianRatio(times[name], times.node);
      const cells = [`${median(times[name]).toFixed(0)} ms`, `${median(times.node).toFixed(0)} ms`, ratio.toFixed(2)];
      return name === 'images'
        ? { what: name, cells, reach: null, isReached: null }
        : limited(name, cells, Number(ratio.toFixed(2)), limit);
    };
    return [
      {
        title: 'Start-up',
        heads: ['machinespawn', 'node -e 0', 'ratio'],
        rows: [row('--help'), row('list'), row('images')],
        notes: [`Medians of ${pairs} alternating turns; same Node binary, through bin/ and the bundle in dist/.`],
      },
    ];
  },
};
