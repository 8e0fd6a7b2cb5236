import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { collectGarbage } from './collect-garbage.ts';
import { copyTree, refuseTarget } from './copy-tree.ts';
import type { LayerChain, SnapshotDriver } from './driver.ts';
import { HeadStarts } from './head-starts.ts';
import { computeMetadataDigest } from './metadata-digest.ts';
import { refuseMounts } from './mount-table.ts';
import { pathExists } from './path-exists.ts';
import { claimPlace, refuseOthersPlace } from './pending-places.ts';
import { readBootId } from './process-owner.ts';
import { removeTree } from './remove-tree.ts';
import type { RunTool } from './run-tool.ts';
import { isMeasured, type SnapshotMeta, type StoredMeta, syncDirectory, writeMeta } from './snapshot-meta.ts';
import { SnapshotRecords } from './snapshot-records.ts';
import type { CommitOptions, PrepareOptions, SnapshotInfo, SnapshotStore, WritableSnapshot } from './snapshot-store.ts';
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
  readonly #records: SnapshotRecords;
  readonly #heads: HeadStarts;

  private constructor(driver: SnapshotDriver, layout: StoreLayout, run: RunTool) {
    this.#driver = driver;
    this.#layout = layout;
    this.#run = run;
    this.#records = new SnapshotRecords(driver, layout, run);
    this.#heads = new HeadStarts(layout, run);
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

  async prepare(parent: string | null, id: string, { light = false }: PrepareOptions = {}): Promise<WritableSnapshot> {
    const place = pendingPlaceOf(this.#layout, id);
    await refuseOthersPlace(place, id);
    await this.#discardPlace(place);
    await claimPlace(this.#layout, place, parent);
    try {
      const chain = parent === null ? null : await this.#records.readChain(parent);
      const { path } = await this.#driver.start(place, chain);
      if (light && chain !== null && this.#driver.links) {
        const { key } = lowest(chain);
        await this.#heads.begin(key, join(placeOf(this.#layout, key), this.#driver.layer));
      }
      return { id, parent, path };
    } catch (error) {
      await this.#discardPlace(place);
      throw error;
    }
  }

  async commit(writable: WritableSnapshot, key: string, options: CommitOptions = {}): Promise<void> {
    const final = placeOf(this.#layout, key);
    const place = pendingPlaceOf(this.#layout, writable.id);
    await refuseMounts(writable.path, { itself: false });
    const { parent } = writable;
    const chain = parent === null ? null : await this.#records.readChain(parent);
    const ahead = chain === null ? null : this.#heads.lazily(lowest(chain).key);
    const { isStacked, changes = null } = await this.#driver.seal(place, chain, options.whole, async () =>
      ahead === null ? null : ahead.takeLinks(),
    );
    const { durable = true } = options;
    const createdAt = new Date().toISOString();
    const meta = { key, parent, driver: this.#driver.name, createdAt, stacked: isStacked };
    if (durable) {
      await this.#run('sync', ['-f', place]);
      const measured = await this.#records.measureLayer(place, parent);
      await writeMeta(place, { ...meta, ...measured }, { durable });
    } else await writeMeta(place, { ...meta, unsyncedIn: await readBootId() }, { durable });
    const isPublished = await this.#publish(place, final, key, durable);
    ahead?.sealed(key, join(final, this.#driver.layer), isPublished ? changes : null);
    if (!isPublished) await this.#discardPlace(place);
    else if (!durable) void this.#completeLater(key, createdAt);
  }

  expectCopies(near: string): void {
    this.#heads.expectCopies(near);
  }

  async dropCopies(): Promise<void> {
    await this.#heads.clear();
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
    const chain = await this.#records.readChain(key);
    for (const meta of chain.metas) {
      const layer = join(placeOf(this.#layout, meta.key), this.#driver.layer);
      if (!(await pathExists(layer))) {
        throw fail('MSP_SNAPSHOT_DAMAGED', { key: meta.key, problem: 'its tree is missing' });
      }
      if (!isMeasured(meta)) {
        await this.#records.measured(meta.key);
        continue;
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
    if (await this.#heads.deliver(key, directory, options.signal)) return;
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
    return (await this.#records.readAll()).metas.map(describe);
  }

  async gc(
    roots: ReadonlySet<string>,
  ): Promise<{ readonly removed: readonly SnapshotInfo[]; readonly freedBytes: number }> {
    const { metas, damaged } = await this.#records.readAll();
    const [driver, layout, run] = [this.#driver, this.#layout, this.#run];
    const removed = await collectGarbage({ driver, layout, run, metas, damaged, roots });
    return { removed: removed.map(describe), freedBytes: removed.reduce((sum, meta) => sum + meta.sizeBytes, 0) };
  }

  /** A look whose being there keeps `gc` of any process from the snapshot. */
  async #hold(key: string): Promise<{ readonly chain: LayerChain; readonly viewed: ViewedSnapshot }> {
    const place = pendingPlaceOf(this.#layout, `view-${randomBytes(8).toString('hex')}`);
    await claimPlace(this.#layout, place, key);
    try {
      const chain = await this.#records.readChain(key);
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

  /**
   * Beside what comes next. Until digest and size are recorded, whoever needs them takes them; until the record says that
   * all is on the disk, the next boot makes the snapshot again.
   */
  async #completeLater(key: string, createdAt: string): Promise<void> {
    try {
      const place = placeOf(this.#layout, key);
      // The one waits for the disk, the other for the processor.
      const [{ unsyncedIn: _known, ...meta }] = await Promise.all([
        this.#records.measured(key),
        this.#run('sync', ['-f', place]),
      ]);
      if (meta.createdAt !== createdAt) return;
      const again = this.#driver.sizedBySync ? await this.#records.measureLayer(place, meta.parent) : {};
      await this.#records.replace({ ...meta, ...again });
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

  async #isSound(key: string): Promise<boolean> {
    try {
      await this.verify(key);
      return true;
    } catch (error) {
      if (MachinespawnError.is(error) && error.code.startsWith('MSP_SNAPSHOT_')) return false;
      throw error;
    }
  }
}

function lowest({ metas }: { readonly metas: readonly StoredMeta[] }): StoredMeta {
  const meta = metas.at(-1);
  if (meta === undefined) throw new TypeError('a chain of layers has at least one');
  return meta;
}

function describe({ key, parent, driver, createdAt, sizeBytes }: SnapshotMeta): SnapshotInfo {
  return { key, parent, driver, createdAt, sizeBytes };
}
