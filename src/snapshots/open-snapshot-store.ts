import { chmod, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { createBtrfsDriver } from './btrfs-driver.ts';
import { createCopyDriver } from './copy-driver.ts';
import { DirectoryStore } from './directory-store.ts';
import { createOverlayDriver } from './overlay-driver.ts';
import { pathExists } from './path-exists.ts';
import { findBtrfsProblem, findOverlayProblem } from './probe-drivers.ts';
import type { RunTool } from './run-tool.ts';
import type { DriverName, SnapshotStore } from './snapshot-store.ts';

const driverNames: readonly DriverName[] = ['btrfs', 'overlay', 'copy'];

export interface SnapshotStoreOptions {
  /** Made if need be (0700). Each driver keeps its snapshots in a folder of its own in it. */
  readonly directory: string;
  /** @default 'auto' */
  readonly driver?: DriverName | 'auto';
  /** Does this process live in a mount namespace of its own, so that its mounts die with it? */
  readonly privateNamespace: boolean;
  readonly run: RunTool;
}

/** The store at a directory; `auto` takes btrfs, overlay or copy, the first that works there. Throws MSP_SNAPSHOT_DRIVER. */
export async function openSnapshotStore(options: SnapshotStoreOptions): Promise<SnapshotStore> {
  const { driver = 'auto', run } = options;
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  await chmod(options.directory, 0o700);
  const directory = await realpath(options.directory);
  const name = await chooseDriver(driver, directory, options);
  const create = { btrfs: createBtrfsDriver, overlay: createOverlayDriver, copy: createCopyDriver }[name];
  return DirectoryStore.open(create(run), directory, run);
}

async function chooseDriver(
  wanted: DriverName | 'auto',
  directory: string,
  { privateNamespace, run }: SnapshotStoreOptions,
): Promise<DriverName> {
  const findProblem = {
    btrfs: async () => findBtrfsProblem(directory, run),
    overlay: async () =>
      privateNamespace ? findOverlayProblem(directory, run) : 'there is no private mount namespace around it',
    copy: async () => null,
  };
  if (wanted !== 'auto') {
    const problem = await findProblem[wanted]();
    if (problem !== null) throw fail('MSP_SNAPSHOT_DRIVER', { driver: wanted, path: directory, problem });
    return wanted;
  }
  if (!privateNamespace) return tryDrivers(directory, privateNamespace, findProblem);
  const place = await describePlace(directory);
  const remembered = await recall(directory, place);
  if (remembered !== null) return remembered;
  const found = await tryDrivers(directory, privateNamespace, findProblem);
  await writeFile(join(directory, probeFile), JSON.stringify({ ...place, driver: found }), { mode: 0o600 });
  return found;
}

async function tryDrivers(
  directory: string,
  privateNamespace: boolean,
  findProblem: Readonly<Record<DriverName, () => Promise<string | null>>>,
): Promise<DriverName> {
  for (const name of ['btrfs', 'overlay'] as const) if ((await findProblem[name]()) === null) return name;
  // Who only looks, such as `cache ls`, has no namespace, and must see what builds have made.
  if (!privateNamespace && (await pathExists(join(directory, 'overlay')))) return 'overlay';
  return 'copy';
}

/** What the last trial here said; a trial takes longer than all else that a machine from the cache costs. */
const probeFile = 'probe.json';

/** What the answer hangs on. */
async function describePlace(directory: string): Promise<Readonly<Record<string, unknown>>> {
  return { kernel: release(), device: (await stat(directory)).dev };
}

async function recall(directory: string, place: Readonly<Record<string, unknown>>): Promise<DriverName | null> {
  const text = await readFile(join(directory, probeFile), 'utf8').catch(() => '');
  return driverNames.find((driver) => text === JSON.stringify({ ...place, driver })) ?? null;
}
