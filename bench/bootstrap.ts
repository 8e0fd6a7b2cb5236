/** Bootstraps against debootstrap and mmdebstrap, packages already there, fresh directories for each run. */
import { mkdirSync } from 'node:fs';
import { alternate, median, medianRatio } from './alternate.ts';
import { limited, type Bench, type BenchRow, type BenchSettings } from './bench.ts';
import { peakMemory } from './memory.ts';
import { machinespawn, placeOptions, removeTree, runProgram, settleDisk } from './program.ts';

/** MiB. */
const mostMemoryMib = 300;
const suite = 'bookworm';
const mirror = 'http://deb.debian.org/debian';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

interface Recipe {
  readonly what: string;
  readonly arch: string;
  readonly variant: 'default' | 'minbase';
  readonly include: readonly string[];
  /** Of the time of debootstrap, and of mmdebstrap. */
  readonly reach: readonly [debootstrap: number, mmdebstrap: number];
  /** Nothing at all is there before. */
  readonly isCold?: boolean;
}

const recipes: readonly Recipe[] = [
  { what: 'minbase, own architecture', arch: '', variant: 'minbase', include: [], reach: [0.25, 0.4] },
  {
    what: 'default, nano, dbus and systemd-container',
    ...{ arch: '', variant: 'default', include: ['nano', 'dbus', 'systemd-container'], reach: [0.25, 0.55] },
  },
  { what: 'minbase arm64', arch: 'arm64', variant: 'minbase', include: [], reach: [0.12, 0.15] },
  { what: 'minbase from the network', arch: '', variant: 'minbase', include: [], reach: [0.4, 0.7], isCold: true },
];

export const bootstrap: Bench = {
  summary: 'bootstrap with the packages already there, against debootstrap and mmdebstrap',
  needsRoot: true,

  async run(settings) {
    const { pairs = 5, only = '' } = settings;
    const [rows, memory]: [BenchRow[], BenchRow[]] = [[], []];
    for (const recipe of recipes.filter(({ what }) => what.includes(only))) {
      const measured = await measure(recipe, { ...settings, pairs });
      rows.push(...measured.rows);
      memory.push(limited(recipe.what, [measured.memoryMib.toFixed(0)], measured.memoryMib, mostMemoryMib, ' MiB'));
    }
    return [
      {
        title: `Bootstrap of ${suite}: the whole command`,
        heads: ['machinespawn', 'debootstrap', 'ratio', 'mmdebstrap', 'ratio'],
        rows,
        notes: [
          `Medians of ${pairs} alternating turns, each into a fresh directory after sync(1).`,
          'The .deb files are there before, for all of them. Ours has also read the list of packages before, and has nothing ' +
            'else: no tree, no result, no package kept unpacked. Rows "list read anew" have the .deb files alone; rows "again" ' +
            'have also the packages that an earlier build has unpacked.',
        ],
      },
      {
        title: 'Memory of machinespawn and all its programs during a bootstrap',
        heads: ['MiB'],
        rows: memory,
        notes: ['The most at once, shared pages counted once (PSS), in one more build.'],
      },
    ];
  },
};

async function measure(recipe: Recipe, { work, pairs, say }: BenchSettings & { readonly pairs: number }) {
  const { memory, ...contenders } = contendersOf(recipe, work);
  say(`  ${recipe.what}: filling the caches`);
  if (recipe.isCold !== true) for (const contender of Object.values(contenders)) await contender();
  const times = await alternate(contenders, pairs, say);
  const row = (what: string, ours: readonly number[]): BenchRow => {
    const { debootstrap, mmdebstrap } = times;
    const ratios = [medianRatio(ours, debootstrap), medianRatio(ours, mmdebstrap)] as const;
    const [seconds, others] = [inSeconds(ours), [debootstrap, mmdebstrap].map(inSeconds)];
    const cells = [seconds, others[0] ?? '', ratios[0].toFixed(2), others[1] ?? '', ratios[1].toFixed(2)];
    const [first, second] = recipe.reach;
    return {
      ...limited(what, cells, ratios[0], first),
      reach: `≤ ${first}, ≤ ${second}`,
      isReached: ratios[0] <= first && ratios[1] <= second,
    };
  };
  const rows = [row(recipe.what, times.ours)];
  for (const [more, ours] of [
    ['list read anew', times.anew],
    ['again', times.again],
  ] as const)
    if (recipe.isCold !== true) rows.push({ ...row(`${recipe.what}, ${more}`, ours), reach: null, isReached: null });
  const memoryMib = await memory();
  await removeTree(work);
  mkdirSync(work, { recursive: true });
  return { rows, memoryMib };
}

function contendersOf({ arch, variant, include, isCold = false }: Recipe, work: string) {
  const place = `${work}/ours`;
  const more = include.length === 0 ? [] : [`--include=${include.join(',')}`];
  const timed = async (argv: readonly string[]): Promise<number> => (await runProgram(argv)).ms;
  const build = async (forgotten: readonly string[], measured = timed): Promise<number> => {
    const cache = [`${place}/cache/snapshots`, `${place}/cache/results`, ...forgotten];
    await removeTree(`${place}/machines`, `${place}/state`, ...cache);
    await settleDisk();
    const usual = ['-y', '--progress', 'none', `debian-${suite}`, 'cold', ...(arch === '' ? [] : [arch])];
    const argv = machinespawn(...placeOptions(place), ...usual, '--variant', variant, ...more, '--proxy', 'none');
    return await measured(argv);
  };
  const forgotten = isCold ? [`${place}/cache`] : [`${place}/cache/unpacked`];
  const ofArch = arch === '' ? [] : [arch];
  const theirs = async (name: string, argv: (tree: string, packages: string) => readonly string[]): Promise<number> => {
    const [tree, packages] = [`${work}/${name}`, `${work}/${name}-packages`];
    await removeTree(tree, ...(isCold ? [packages] : []));
    mkdirSync(packages, { recursive: true });
    await settleDisk();
    return (await runProgram(argv(tree, packages), { ...process.env, LC_ALL: 'C.UTF-8' })).ms;
  };
  return {
    ours: () => build(forgotten),
    memory: () => build(forgotten, peakMemory),
    anew: async () => (isCold ? 0 : await build([...forgotten, `${place}/cache/lists`])),
    again: async () => (isCold ? 0 : await build([])),
    debootstrap: () =>
      theirs('debootstrap', (tree, packages) => [
        ...['debootstrap', '--force-check-gpg', `--keyring=${keyring}`, `--cache-dir=${packages}`],
        ...(variant === 'default' ? [] : [`--variant=${variant}`]),
        ...[...ofArch.map((name) => `--arch=${name}`), ...more, suite, tree, mirror],
      ]),
    mmdebstrap: () =>
      theirs('mmdebstrap', (tree, packages) => [
        ...['mmdebstrap', '--quiet', '--mode=root', `--keyring=${keyring}`],
        `--variant=${variant === 'default' ? 'important' : variant}`,
        // Its own manual's way to keep packages from one build to the next.
        ...['--skip=download/empty,essential/unlink'],
        `--setup-hook=mkdir -p "$1/var/cache/apt/archives" && cp -a '${packages}/.' "$1/var/cache/apt/archives/"`,
        `--customize-hook=cp -an "$1/var/cache/apt/archives/"*.deb '${packages}/' || true`,
        ...[...ofArch.map((name) => `--architectures=${name}`), ...more, suite, tree, mirror],
      ]),
  };
}

function inSeconds(times: readonly number[]): string {
  return `${(median(times) / 1000).toFixed(1)} s`;
}
