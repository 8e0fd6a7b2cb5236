/** pull-tar, with digest and inspection, against `curl | tar x` of the same file from a server on this host. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFaultyServer, type FaultyServer } from '../test/support/faulty-server.ts';
import { alternate, median, medianRatio } from './alternate.ts';
import { type Bench, type BenchRow, limited } from './bench.ts';
import { memoryOf } from './memory.ts';
import { machinespawn, placeOptions, removeTree, runProgram, settleDisk } from './program.ts';

/** Small enough to begin and end quickly; large enough to show the throughput. */
const sizes = [
  { what: 'small', treeBytes: 180 * 1024 * 1024 },
  { what: 'large', treeBytes: 1000 * 1024 * 1024 },
] as const;
/** So that a tree has about as many files as a machine of its size. */
const mostFileBytes = 3_000_000;
const mostMemory = 200;

/** Compressor, the option of tar, and the share of the throughput of `curl | tar x` that is to be reached. */
const kinds = [
  { name: 'gz', pack: 'pigz -6', option: '-z', reach: 1 },
  { name: 'xz', pack: 'xz -T2 -6 --block-size=16MiB', option: '-J', reach: 1.15 },
  { name: 'bz2', pack: 'lbzip2 -n 2', option: '-j', reach: 1.7 },
  { name: 'zst', pack: 'zstd -q', option: '--zstd', reach: 0.85 },
] as const;

interface Taken {
  readonly ms: number;
  readonly memoryMib: number;
}

export const pull: Bench = {
  summary: 'pull-tar against curl | tar x, for each compression',
  needsRoot: true,
  async run({ work, pairs = 3, only = '', say }) {
    const server = await startFaultyServer();
    const rows: BenchRow[] = [];
    let memoryMib = 0;
    try {
      for (const { what, treeBytes } of sizes) {
        packHost(work, treeBytes);
        for (const kind of kinds.filter(({ name }) => `${what}, ${name}`.includes(only))) {
          const measured = await measure(kind, {
            work,
            server,
            pairs,
            say: (text) => say(`  ${what} ${kind.name}${text}`),
          });
          memoryMib = Math.max(memoryMib, measured.memoryMib);
          rows.push({
            what: `${what}, ${kind.name}`,
            cells: [...measured.ms.map((ms) => ms.toFixed(0)), measured.share.toFixed(2)],
            // What a small one takes is mostly the beginning and the end, which curl has none of.
            reach: what === 'large' ? `≥ ${kind.reach}` : null,
            isReached: what === 'large' ? measured.share >= kind.reach : null,
          });
        }
      }
    } finally {
      server.close();
    }
    const memory = memoryMib;
    return [
      {
        title: 'pull-tar against curl | tar x (ms; trees of 180 and 1000 MiB)',
        heads: ['to the tree', 'curl, tar', 'curl, sha256sum', 'to the machine', 'throughput'],
        rows,
        notes: [
          '"To the tree": the whole command of the pipeline pull-tree (image kept, its digest, a snapshot with a digest of its own), and sync -f.',
          '"To the machine": pull-tar; on file systems without snapshots the machine is a copy of the tree.',
          'curl | tar x keeps no file and no digest, and looks at no entry; its time includes sync -f, too.',
        ],
      },
      {
        title: 'Memory of pull-tar and all its programs',
        heads: ['MiB'],
        rows: [limited('most at once (PSS)', [memory.toFixed(0)], memory, mostMemory, ' MiB')],
      },
    ];
  },
};

interface Measured {
  readonly ms: readonly number[];
  readonly share: number;
  readonly memoryMib: number;
}

async function measure(
  { name, pack, option }: (typeof kinds)[number],
  {
    work,
    server,
    pairs,
    say,
  }: {
    readonly work: string;
    readonly server: FaultyServer;
    readonly pairs: number;
    readonly say: (text: string) => void;
  },
): Promise<Measured> {
  const file = `root.tar.${name}`;
  await runProgram(['sh', '-c', `${pack} -c < ${work}/root.tar > ${work}/${file}`]);
  const body = readFileSync(join(work, file));
  // The server would make one of the whole body for each request.
  server.files[`/${file}`] = { body, etag: `"${name}-${body.length}"` };
  const url = `${server.url}/${file}`;
  const place = join(work, 'place');
  const times = await alternate(
    {
      ours: async () => {
        const { ms } = await pullOnce(place, [
          'pipeline',
          'run',
          'pull-tree',
          '-i',
          `source=${url}`,
          '-i',
          'verify=no',
        ]);
        return ms + (await timed(['sync', '-f', place]));
      },
      theirs: () => curlTar(join(work, 'tree'), url, option),
      hash: () => timed(['sh', '-c', `curl -sS ${url} | sha256sum`]),
    },
    pairs,
    say,
  );
  // The first turn warms up.
  const [ours, theirs] = pairs > 2 ? [times.ours.slice(1), times.theirs.slice(1)] : [times.ours, times.theirs];
  const { ms: machineMs, memoryMib } = await pullOnce(place, ['pull-tar', '--verify', 'no', url, 'box'], true);
  return { ms: [...[ours, theirs, times.hash].map(median), machineMs], share: medianRatio(theirs, ours), memoryMib };
}

/** Files of this host, as many as make a small system. */
function packHost(work: string, treeBytes: number): void {
  const list = execFileSync(
    'sh',
    ['-c', "cd / && find usr/bin usr/lib usr/share -xdev \\( -type f -o -type l \\) -printf '%s %p\\n'"],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    },
  );
  const names: string[] = [];
  let bytes = 0;
  for (const line of list.split('\n')) {
    const [size = '', ...rest] = line.split(' ');
    if (bytes > treeBytes || rest.length === 0 || Number(size) > mostFileBytes) continue;
    bytes += Number(size);
    names.push(rest.join(' '));
  }
  writeFileSync(join(work, 'names'), ['etc/os-release', ...names].join('\n'));
  execFileSync('tar', ['-C', '/', '-cf', join(work, 'root.tar'), '-T', join(work, 'names')]);
}

async function timed(argv: readonly string[]): Promise<number> {
  return (await runProgram(argv)).ms;
}

async function curlTar(tree: string, url: string, option: string): Promise<number> {
  await removeTree(tree);
  mkdirSync(tree);
  await settleDisk();
  return await timed(['sh', '-c', `curl -sS ${url} | tar -x ${option} -C ${tree} && sync -f ${tree}`]);
}

/** `watched`: for its memory, which slows it down. */
async function pullOnce(place: string, command: readonly string[], watched = false): Promise<Taken> {
  await removeTree(place);
  mkdirSync(place);
  await settleDisk();
  const log = join(place, 'log');
  const [file = '', ...args] = machinespawn(...placeOptions(place), '--log-file', log, ...command);
  const start = performance.now();
  const child = spawn(file, args, { stdio: 'ignore' });
  let memoryMib = 0;
  const sample = (): void => void (memoryMib = Math.max(memoryMib, memoryOf(child.pid ?? 0)));
  const sampler = watched ? setInterval(sample, 100) : undefined;
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(sampler);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}; see ${log}`);
  return { ms: performance.now() - start, memoryMib };
}
