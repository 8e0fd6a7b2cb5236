import { randomBytes } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { btrfsMagic } from '../host/subvolume.ts';
import { createBtrfsDriver } from './btrfs-driver.ts';
import type { SnapshotDriver } from './driver.ts';
import { createOverlayDriver } from './overlay-driver.ts';
import { pathExists } from './path-exists.ts';
import { claimPlace } from './pending-places.ts';
import { removeTree } from './remove-tree.ts';
import type { RunTool } from './run-tool.ts';
import { createLayout } from './store-layout.ts';

/** Null when subvolumes can be made, frozen, snapshot and deleted in `directory`. */
export async function findBtrfsProblem(directory: string, run: RunTool): Promise<string | null> {
  if ((await statfs(directory)).type !== btrfsMagic) return 'it is not on btrfs';
  return tryDriver(createBtrfsDriver(run), directory, run);
}

/** Null when overlayfs takes `directory` for its upper layers. */
export async function findOverlayProblem(directory: string, run: RunTool): Promise<string | null> {
  return tryDriver(createOverlayDriver(run), directory, run);
}

/** A layer with a file, and a layer on it without: what every build does. */
async function tryDriver(driver: SnapshotDriver, directory: string, run: RunTool): Promise<string | null> {
  const layout = createLayout(join(directory, driver.name));
  await mkdir(layout.pending, { recursive: true, mode: 0o700 });
  // Among the places in the making, so that a cut-off trial is collected like them.
  const trial = join(layout.pending, `probe-${randomBytes(8).toString('hex')}`);
  await claimPlace(layout, trial, null);
  const [parent, child] = [join(trial, 'parent'), join(trial, 'child')];
  try {
    await mkdir(parent);
    await mkdir(child);
    const lower = await driver.start(parent, null);
    await writeFile(join(lower.path, 'file'), 'text');
    await driver.seal(parent, null, false);
    const { path } = await driver.start(child, { places: [parent] });
    await rm(join(path, 'file'));
    await writeFile(join(path, 'other'), 'text');
    const isRight = !(await pathExists(join(path, 'file'))) && (await pathExists(join(lower.path, 'file')));
    await driver.abandon(child);
    return isRight ? null : 'a trial gave a wrong tree';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await driver.abandon(child).catch(() => undefined);
    await removeTree(trial, run).catch(() => undefined);
  }
}
