/** pull-tar, with digest and inspection, against `curl | tar x` of the same file from a server on this host. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFaultyServer, type FaultyServer } from '../test/support/faulty-server.ts';
import { alternate, median, medianRatio } from './alternate.ts';
import { type Bench, type BenchRow, type BenchSettings, limited } from './bench.ts';
import { freshDisk } from './fresh-disk.ts';
import { memoryOf } from './memory.ts';
import { machinespawn, placeOptions, removeTree, runProgram, settleDisk } from './program.ts';

/** Small enough to begin and end quickly; large enough to show the throughput. */
const sizes = [
  { what: 'small', treeBytes: 180 * 1024 * 1024 },
  { what: 'large', treeBytes: 1000 * 1024 * 1024 },
] as const;
/** So that a tree has about as many files as a machine of its size. */
const mostFileBytes = 3_000_000;
const mostMemoryMb = 200;

/** Compressor, the option of tar, and the share of the throughput of `curl | tar x` that is to be reached. */
const kinds = [
  { name: 'gz', pack: 'pigz -6', option: '-z', reach: 1 },
  { name: 'xz', pack: 'xz -T2 -6 --block-size=16MiB', option: '-J', reach: 1.15 },
  { name: 'bz2', pack: 'lbzip2 -n 2', option: '-j', reach: 1.7 },
  { name: 'zst', pack: 'zstd -q', option: '--zstd', reach: 0.85 },
] as const;
type Kind = (typeof kinds)[number];

interface Measured {
  readonly ms: readonly number[];
  readonly share: number;
  readonly memoryMib: number;
}

export const pull: Bench = {
  summary: 'pull-tar against curl | tar x, for each compression',
  needsRoot: true,
  async run(settings) {
    const { work, say } = settings;
    const server = await startFaultyServer();
    const [trees, machines]: [BenchRow[], BenchRow[]] = [[], []];
    let [memoryMib, manyMib]: [number, number | null] = [0, null];
    try {
      if ('many files'.includes(settings.only ?? '')) {
        say('  many files');
        const url = await serveManyFiles(server, work);
        manyMib = (await pullOnce(join(work, 'many-place'), ['pull-tar', '--verify', 'no', url, 'box'], true))
          .memoryMib;
        await removeTree(join(work, 'many-place'));
      }
      for (const { what, treeBytes } of sizes) {
        packHost(work, treeBytes);
        for (const kind of kinds.filter(({ name }) => `${what}, ${name}`.includes(settings.only ?? ''))) {
          const url = await serve(server, kind, work);
          const measured = await measure('tree', { ...settings, kind, url });
          memoryMib = Math.max(memoryMib, measured.memoryMib);
          // What a small one takes is mostly the beginning and the end, which curl has none of.
          trees.push(rowOf(`${what}, ${kind.name}`, measured, what === 'large' ? kind.reach : null));
          if (what === 'large') machines.push(await measureOnBtrfs({ ...settings, kind, url }));
        }
      }
    } finally {
      server.close();
    }
    return [
      {
        title: 'pull-tar against curl | tar x (ms; trees of 180 and 1000 MiB)',
        heads: ['to the tree', 'curl, tar', 'curl, sha256sum', 'to the machine', 'throughput'],
        rows: trees,
        notes: [
          '"To the tree": the whole command of the pipeline pull-tree (image kept, its digest, a snapshot with a digest of its own), and sync -f.',
          '"To the machine": pull-tar; on file systems without snapshots, such as this ext4, the machine is a copy of the tree.',
          'curl | tar x keeps no file and no digest, and looks at no entry; its time includes sync -f, too.',
        ],
      },
      {
        title: 'pull-tar to the machine, on a file system with snapshots (ms; btrfs; tree of 1000 MiB)',
        heads: ['to the machine', 'curl, tar', 'curl, sha256sum', 'throughput'],
        rows: machines,
        notes: [
          'Both contenders write to the same btrfs, and both times include sync -f. It lies on a loop device on a loop device, whose ' +
            'syncs vary a lot: for information.',
        ],
      },
      {
        title: 'Memory of pull-tar and all its programs',
        heads: ['MB'],
        rows: [
          ...(memoryMib === 0 ? [] : [memoryRow('large', memoryMib)]),
          ...(manyMib === null ? [] : [memoryRow('300,000 files', manyMib)]),
        ],
        notes: ['The most at once, shared pages counted once (PSS).'],
      },
    ];
  },
};

function memoryRow(what: string, mib: number): BenchRow {
  const megabytes = (mib * 1024 ** 2) / 1e6;
  return limited(what, [megabytes.toFixed(0)], megabytes, mostMemoryMb, ' MB');
}

function rowOf(what: string, { ms, share }: Pick<Measured, 'ms' | 'share'>, reach: number | null): BenchRow {
  return {
    what,
    cells: [...ms.map((one) => one.toFixed(0)), share.toFixed(2)],
    reach: reach === null ? null : `≥ ${reach}`,
    isReached: reach === null ? null : share >= reach,
  };
}

interface Job extends BenchSettings {
  readonly kind: Kind;
  readonly url: string;
}

async function measureOnBtrfs(job: Job): Promise<BenchRow> {
  const disk = await freshDisk(job.work, 'btrfs');
  try {
    const { ms, share } = await measure('machine', { ...job, work: disk.path });
    return rowOf(`large, ${job.kind.name}`, { ms: ms.slice(0, 3), share }, null);
  } finally {
    await disk.release();
    await removeTree(`${job.work}/btrfs.img`, `${job.work}/btrfs`);
  }
}

/** Packs `root.tar` of the work directory. Gives the address. */
async function serve(server: FaultyServer, { name, pack }: Kind, work: string): Promise<string> {
  const file = `root.tar.${name}`;
  await runProgram(['sh', '-c', `${pack} -c < ${work}/root.tar > ${work}/${file}`]);
  const body = readFileSync(join(work, file));
  // The server would make one of the whole body for each request.
  server.files[`/${file}`] = { body, etag: `"${name}-${body.length}"` };
  return `${server.url}/${file}`;
}

/** An archive of little content and many entries, made and packed here. Gives the address. */
async function serveManyFiles(server: FaultyServer, work: string): Promise<string> {
  const tree = join(work, 'many');
  const fill = 'for d in $(seq 300); do mkdir -p usr/lib/d$d; (cd usr/lib/d$d && seq 1000 | xargs touch); done';
  mkdirSync(join(tree, 'etc'), { recursive: true });
  writeFileSync(join(tree, 'etc/os-release'), 'ID=many\n');
  await runProgram(['sh', '-c', `cd ${tree} && ${fill} && tar -czf ${work}/many.tar.gz .`]);
  await removeTree(tree);
  server.files['/many.tar.gz'] = { body: readFileSync(join(work, 'many.tar.gz')), etag: '"many"' };
  return `${server.url}/many.tar.gz`;
}

/** `until`: what ours is asked for. */
async function measure(until: 'tree' | 'machine', { work, kind, url, pairs = 3, say }: Job): Promise<Measured> {
  let turn = 0;
  const newPlace = async (): Promise<string> => {
    // What is left on btrfs goes with its disk: there are subvolumes in it.
    if (until === 'tree') await removeTree(join(work, `place-${turn}`));
    turn += 1;
    return join(work, `place-${turn}`);
  };
  const tree = ['pipeline', 'run', 'pull-tree', '-i', `source=${url}`, '-i', 'verify=no'];
  const machine = ['pull-tar', '--verify', 'no', url, 'box'];
  const times = await alternate(
    {
      ours: async () => {
        const place = await newPlace();
        const { ms } = await pullOnce(place, until === 'tree' ? tree : machine);
        return ms + (await timed(['sync', '-f', place]));
      },
      theirs: () => curlTar(join(work, 'tree'), url, kind.option),
      hash: () => timed(['sh', '-c', `curl -sS ${url} | sha256sum`]),
    },
    pairs,
    (text) => say(`  ${kind.name} to the ${until}${text}`),
  );
  // The first turn warms up.
  const [ours, theirs] = pairs > 2 ? [times.ours.slice(1), times.theirs.slice(1)] : [times.ours, times.theirs];
  const watched = await pullOnce(await newPlace(), machine, true);
  if (until === 'tree') await removeTree(join(work, `place-${turn}`));
  const ms = [...[ours, theirs, times.hash].map(median), watched.ms];
  return { ms, share: medianRatio(theirs, ours), memoryMib: watched.memoryMib };
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

interface Taken {
  readonly ms: number;
  readonly memoryMib: number;
}

/** `watched`: for its memory, which slows it down. */
async function pullOnce(place: string, command: readonly string[], watched = false): Promise<Taken> {
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
