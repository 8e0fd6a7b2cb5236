import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { collectGarbage } from './collect-garbage.ts';
import { copyTree, refuseTarget } from './copy-tree.ts';
import type { LayerChain, SnapshotDriver } from './driver.ts';
import { computeMetadataDigest } from './metadata-digest.ts';
import { refuseMounts } from './mount-table.ts';
import { pathExists } from './path-exists.ts';
import { claimPlace, refuseOthersPlace } from './pending-places.ts';
import { readBootId } from './process-owner.ts';
import { removeTree } from './remove-tree.ts';
import type { RunTool } from './run-tool.ts';
import { readMeta, type SnapshotMeta, syncDirectory, writeMeta } from './snapshot-meta.ts';
import type { CommitOptions, SnapshotInfo, SnapshotStore, WritableSnapshot } from './snapshot-store.ts';
import { createLayout, isKey, pendingPlaceOf, placeOf, type StoreLayout } from './store-layout.ts';

interface ViewedSnapshot {
  readonly path: string;
  release(): Promise<void>;
}

/**
 * Keeps snapshots as directories below `base`. What a process works on lies in `pending` and names its owner; a
 * commit writes the record and gives the place its real name by one rename, so a name is there whole or not at all.
 */
export class DirectoryStore implements SnapshotStore {
  readonly #driver: SnapshotDriver;
  readonly #layout: StoreLayout;
  readonly #run: RunTool;

  private constructor(driver: SnapshotDriver, layout: StoreLayout, run: RunTool) {
    this.#driver = driver;
    this.#layout = layout;
    this.#run = run;
  }

  /** `directory` is made by the caller, without symlinks in its path. */
  static async open(driver: SnapshotDriver, directory: string, run: RunTool): Promise<DirectoryStore> {
    const layout = createLayout(join(directory, driver.name));
    for (const path of [layout.base, layout.pending, layout.trash]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
      await chmod(path, 0o700);
    }
    return new DirectoryStore(driver, layout, run);
  }

  get driver(): SnapshotDriver['name'] {
    return this.#driver.name;
  }

  async prepare(parent: string | null, id: string): Promise<WritableSnapshot> {
    const place = pendingPlaceOf(this.#layout, id);
    await refuseOthersPlace(place, id);
    await this.#discardPlace(place);
    await claimPlace(this.#layout, place, parent);
    try {
      const chain = parent === null ? null : await this.#readChain(parent);
      const { path } = await this.#driver.start(place, chain);
      return { id, parent, path };
    } catch (error) {
      await this.#discardPlace(place);
      throw error;
    }
  }

  async commit(writable: WritableSnapshot, key: string, options: CommitOptions = {}): Promise<SnapshotInfo> {
    const final = placeOf(this.#layout, key);
    const place = pendingPlaceOf(this.#layout, writable.id);
    await refuseMounts(writable.path, { itself: false });
    const chain = writable.parent === null ? null : await this.#readChain(writable.parent);
    const { isStacked } = await this.#driver.seal(place, chain, options.whole);
    const { durable = true } = options;
    if (durable) await this.#run('sync', ['-f', place]);
    const [digest, sizeBytes, parentMeta] = await Promise.all([
      computeMetadataDigest(join(place, this.#driver.layer), this.#run),
      this.#driver.measure(place, chain),
      writable.parent === null ? null : this.#read(writable.parent),
    ]);
    const meta: SnapshotMeta = {
      key,
      parent: writable.parent,
      driver: this.#driver.name,
      createdAt: new Date().toISOString(),
      sizeBytes,
      digest,
      parentDigest: parentMeta?.digest ?? null,
      stacked: isStacked,
    };
    await writeMeta(place, durable ? meta : { ...meta, unsyncedIn: await readBootId() }, { durable });
    if (!(await this.#publish(place, final, key, durable))) return this.#keepOther(place, key);
    if (!durable) void this.#syncLater(final, meta);
    return describe(meta);
  }

  async discard(writable: WritableSnapshot): Promise<void> {
    await this.#discardPlace(pendingPlaceOf(this.#layout, writable.id));
  }

  /** True for a damaged one too: `verify` names the damage. */
  async has(key: string): Promise<boolean> {
    return isKey(key) && pathExists(placeOf(this.#layout, key));
  }

  /** Layers below are verified too, where the snapshot stands on them. */
  async verify(key: string): Promise<void> {
    const chain = await this.#readChain(key);
    for (const meta of chain.metas) {
      const layer = join(placeOf(this.#layout, meta.key), this.#driver.layer);
      if (!(await pathExists(layer))) {
        throw fail('MSP_SNAPSHOT_DAMAGED', { key: meta.key, problem: 'its tree is missing' });
      }
      if ((await this.#driver.isFrozen?.(placeOf(this.#layout, meta.key))) === true) continue;
      if ((await computeMetadataDigest(layer, this.#run)) !== meta.digest) {
        throw fail('MSP_SNAPSHOT_DAMAGED', { key: meta.key, problem: 'its tree does not fit its recorded digest' });
      }
    }
  }

  async view(key: string): Promise<ViewedSnapshot> {
    return (await this.#hold(key)).viewed;
  }

  async materialize(key: string, directory: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await refuseTarget(directory);
    const { chain, viewed } = await this.#hold(key);
    try {
      if (await this.#driver.cloneTo(chain, directory)) return;
      const [base, ...uppers] = chain.places.map((place) => join(place, this.#driver.layer)).toReversed();
      const layers = base === undefined || uppers.length === 0 ? {} : { layers: { base, uppers } };
      await copyTree(viewed.path, directory, this.#run, { ...options, ...layers });
    } catch (error) {
      await removeTree(directory, this.#run);
      throw error;
    } finally {
      await viewed.release();
    }
  }

  /** Damaged ones are left out. */
  async list(): Promise<readonly SnapshotInfo[]> {
    return (await this.#readAll()).metas.map(describe);
  }

  async gc(
    roots: ReadonlySet<string>,
  ): Promise<{ readonly removed: readonly SnapshotInfo[]; readonly freedBytes: number }> {
    const { metas, damaged } = await this.#readAll();
    const [driver, layout, run] = [this.#driver, this.#layout, this.#run];
    const removed = await collectGarbage({ driver, layout, run, metas, damaged, roots });
    return { removed: removed.map(describe), freedBytes: removed.reduce((sum, meta) => sum + meta.sizeBytes, 0) };
  }

  /** A look whose being there keeps `gc` of any process from the snapshot. */
  async #hold(key: string): Promise<{ readonly chain: LayerChain; readonly viewed: ViewedSnapshot }> {
    const place = pendingPlaceOf(this.#layout, `view-${randomBytes(8).toString('hex')}`);
    await claimPlace(this.#layout, place, key);
    try {
      const chain = await this.#readChain(key);
      const opened = await this.#driver.open(chain, place);
      const release = async (): Promise<void> => {
        await opened.close();
        await rm(place, { recursive: true, force: true });
      };
      return { chain, viewed: { path: opened.path, release } };
    } catch (error) {
      await this.#discardPlace(place);
      throw error;
    }
  }

  async #discardPlace(place: string): Promise<void> {
    await this.#driver.abandon(place);
    await removeTree(place, this.#run, this.#layout.trash);
  }

  /** Until it has written the record anew, the next boot makes the snapshot again. */
  async #syncLater(place: string, meta: SnapshotMeta): Promise<void> {
    try {
      await this.#run('sync', ['-f', place]);
      const { digest, createdAt } = await this.#read(meta.key);
      if (digest === meta.digest && createdAt === meta.createdAt) await writeMeta(place, meta, { durable: false });
    } catch {
      // It was removed meanwhile, or we are being ended.
    }
  }

  async #publish(place: string, final: string, key: string, durable: boolean): Promise<boolean> {
    if (await pathExists(final)) {
      if (await this.#isSound(key)) return false;
      await removeTree(final, this.#run, this.#layout.trash);
    }
    try {
      await rename(place, final);
    } catch (error) {
      // Another process was quicker.
      if (await pathExists(final)) return false;
      throw error;
    }
    if (durable) {
      await syncDirectory(this.#layout.base);
      await syncDirectory(this.#layout.pending);
    }
    await rm(join(final, 'owner.json'), { force: true });
    return true;
  }

  async #keepOther(place: string, key: string): Promise<SnapshotInfo> {
    await this.#discardPlace(place);
    return describe(await this.#read(key));
  }

  async #isSound(key: string): Promise<boolean> {
    try {
      await this.verify(key);
      return true;
    } catch (error) {
      if (MachinespawnError.is(error) && error.code.startsWith('MSP_SNAPSHOT_')) return false;
      throw error;
    }
  }

  async #read(key: string): Promise<SnapshotMeta> {
    const meta = await readMeta(placeOf(this.#layout, key), key, this.#driver.name);
    if (meta === null) throw fail('MSP_SNAPSHOT_MISSING', { key });
    if (meta.unsyncedIn !== undefined && meta.unsyncedIn !== (await readBootId())) {
      throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: 'the host went down before it was on the disk' });
    }
    return meta;
  }

  async #readChain(key: string): Promise<LayerChain & { readonly metas: readonly SnapshotMeta[] }> {
    const metas = [await this.#read(key)];
    for (let child = metas[0]; child?.stacked === true && child.parent !== null; child = metas.at(-1)) {
      const below = await this.#readBelow(child.parent, key);
      if (below.digest !== child.parentDigest) {
        throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${child.parent.slice(0, 12)} below it was replaced` });
      }
      metas.push(below);
    }
    return { metas, places: metas.map((meta) => placeOf(this.#layout, meta.key)) };
  }

  async #readBelow(parent: string, key: string): Promise<SnapshotMeta> {
    try {
      return await this.#read(parent);
    } catch (error) {
      if (!(MachinespawnError.is(error) && error.code === 'MSP_SNAPSHOT_MISSING')) throw error;
      throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${parent.slice(0, 12)} below it is missing` }, error);
    }
  }

  async #readAll(): Promise<{ readonly metas: readonly SnapshotMeta[]; readonly damaged: readonly string[] }> {
    const metas: SnapshotMeta[] = [];
    const damaged: string[] = [];
    for (const key of (await readdir(this.#layout.base)).filter(isKey).toSorted()) {
      try {
        metas.push(await this.#read(key));
      } catch (error) {
        if (!MachinespawnError.is(error)) throw error;
        if (error.code === 'MSP_SNAPSHOT_DAMAGED') damaged.push(key);
      }
    }
    return { metas, damaged };
  }
}

function describe({ key, parent, driver, createdAt, sizeBytes }: SnapshotMeta): SnapshotInfo {
  return { key, parent, driver, createdAt, sizeBytes };
}
