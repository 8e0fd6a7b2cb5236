import { randomBytes } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotDriver } from './driver.ts';
import { isMissing } from './path-exists.ts';
import { claimPlace, surveyPending } from './pending-places.ts';
import { removeTrash, removeTree } from './remove-tree.ts';
import type { RunTool } from './run-tool.ts';
import type { SnapshotMeta } from './snapshot-meta.ts';
import { placeOf, type StoreLayout } from './store-layout.ts';

interface GarbageCollection {
  readonly layout: StoreLayout;
  readonly driver: SnapshotDriver;
  readonly run: RunTool;
  /** Of every snapshot with a valid record. */
  readonly metas: readonly SnapshotMeta[];
  /** Places whose record is missing or broken. */
  readonly damaged: readonly string[];
  readonly roots: ReadonlySet<string>;
}

/** The keys that must stay: roots, and all their ancestors. Pure. */
export function findNeeded(metas: readonly SnapshotMeta[], roots: Iterable<string>): ReadonlySet<string> {
  const byKey = new Map(metas.map((meta) => [meta.key, meta]));
  const needed = new Set<string>();
  for (const root of roots) {
    for (let key: string | null = root; key !== null && !needed.has(key); key = byKey.get(key)?.parent ?? null) {
      needed.add(key);
    }
  }
  return needed;
}

/** Removes what nobody needs; gives the records of the snapshots that are gone. */
export async function collectGarbage(collection: GarbageCollection): Promise<readonly SnapshotMeta[]> {
  const { layout, driver, run, metas, damaged, roots } = collection;
  const { needed, abandoned } = await surveyPending(layout);
  for (const place of abandoned) {
    await driver.abandon(place);
    await removeTree(place, run, layout.trash);
  }
  const kept = findNeeded(metas, [...roots, ...needed]);
  const removed: SnapshotMeta[] = [];
  // Children first: a cut-off leaves no child without its parent.
  for (const meta of sortChildrenFirst(metas)) {
    if (!kept.has(meta.key) && (await removeSnapshot(collection, meta.key))) removed.push(meta);
  }
  for (const key of damaged) if (!kept.has(key)) await removeSnapshot(collection, key);
  for (const name of await readdir(layout.trash)) await removeTrash(join(layout.trash, name), run);
  return removed;
}

/**
 * Who wants to use a snapshot first says so and then looks whether it is there. So here it first leaves its name,
 * and comes back when somebody has spoken up meanwhile.
 */
async function removeSnapshot({ layout, metas, run }: GarbageCollection, key: string): Promise<boolean> {
  const place = placeOf(layout, key);
  const hold = join(layout.pending, `gc-${randomBytes(8).toString('hex')}`);
  await claimPlace(layout, hold, null);
  const moved = join(hold, key);
  try {
    await rename(place, moved);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await removeTree(hold, run, layout.trash);
    return false;
  }
  const { needed } = await surveyPending(layout);
  const isWanted = findNeeded(metas, needed).has(key);
  if (isWanted) await rename(moved, place);
  await removeTree(hold, run, layout.trash);
  return !isWanted;
}

function sortChildrenFirst(metas: readonly SnapshotMeta[]): readonly SnapshotMeta[] {
  const byKey = new Map(metas.map((meta) => [meta.key, meta]));
  const depthOf = (meta: SnapshotMeta): number => {
    let depth = 0;
    for (let at: SnapshotMeta | undefined = meta; at?.parent != null && depth < metas.length; depth += 1) {
      at = byKey.get(at.parent);
    }
    return depth;
  };
  return metas.toSorted((one, other) => depthOf(other) - depthOf(one));
}
