import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import type { LayerChain, SnapshotDriver } from './driver.ts';
import { computeMetadataDigest } from './metadata-digest.ts';
import { readBootId } from './process-owner.ts';
import type { RunTool } from './run-tool.ts';
import { isMeasured, readMeta, type SnapshotMeta, type StoredMeta, writeMeta } from './snapshot-meta.ts';
import { isKey, placeOf, type StoreLayout } from './store-layout.ts';

/** Reads the records beside committed trees, and completes those of trees that nobody waited for. */
export class SnapshotRecords {
  readonly #driver: SnapshotDriver;
  readonly #layout: StoreLayout;
  readonly #run: RunTool;
  readonly #measuring = new Map<string, Promise<SnapshotMeta>>();

  constructor(driver: SnapshotDriver, layout: StoreLayout, run: RunTool) {
    this.#driver = driver;
    this.#layout = layout;
    this.#run = run;
  }

  /** Throws MSP_SNAPSHOT_MISSING, MSP_SNAPSHOT_DAMAGED. */
  async read(key: string): Promise<StoredMeta> {
    const meta = await readMeta(placeOf(this.#layout, key), key, this.#driver.name);
    if (meta === null) throw fail('MSP_SNAPSHOT_MISSING', { key });
    if (meta.unsyncedIn !== undefined && meta.unsyncedIn !== (await readBootId())) {
      throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: 'the host went down before it was on the disk' });
    }
    return meta;
  }

  /** The record and, where the layer is stacked, those below it. Throws MSP_SNAPSHOT_MISSING, MSP_SNAPSHOT_DAMAGED. */
  async readChain(key: string): Promise<LayerChain & { readonly metas: readonly StoredMeta[] }> {
    const metas = [await this.read(key)];
    for (let child = metas[0]; child?.stacked === true && child.parent !== null; child = metas.at(-1)) {
      const below = await this.#readBelow(child.parent, key);
      // Whoever measures a layer measures those below it first.
      if (isMeasured(child) && !(isMeasured(below) && below.digest === child.parentDigest)) {
        throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${child.parent.slice(0, 12)} below it was replaced` });
      }
      metas.push(below);
    }
    return { metas, places: metas.map((meta) => placeOf(this.#layout, meta.key)) };
  }

  /** All that are sound by their records, and the keys of the others. */
  async readAll(): Promise<{ readonly metas: readonly SnapshotMeta[]; readonly damaged: readonly string[] }> {
    const metas: SnapshotMeta[] = [];
    const damaged: string[] = [];
    for (const key of (await readdir(this.#layout.base)).filter(isKey).toSorted()) {
      try {
        metas.push(await this.measured(key));
      } catch (error) {
        if (!MachinespawnError.is(error)) throw error;
        if (error.code === 'MSP_SNAPSHOT_DAMAGED') damaged.push(key);
      }
    }
    return { metas, damaged };
  }

  /**
   * The whole record. Where its maker did not wait for digest and size they are taken now, whoever made it: a committed
   * tree is whole, and nobody writes to it. Throws MSP_SNAPSHOT_MISSING, MSP_SNAPSHOT_DAMAGED.
   */
  async measured(key: string): Promise<SnapshotMeta> {
    const meta = await this.read(key);
    if (isMeasured(meta)) return meta;
    const begun = this.#measuring.get(key) ?? this.#measure(key).finally(() => this.#measuring.delete(key));
    this.#measuring.set(key, begun);
    return begun;
  }

  /** What is told of a sealed layer at `place`. */
  async measureLayer(
    place: string,
    parent: string | null,
  ): Promise<Pick<SnapshotMeta, 'digest' | 'sizeBytes' | 'parentDigest'>> {
    const below = parent === null ? null : await this.measured(parent);
    const chain = parent === null ? null : await this.readChain(parent);
    const [digest, sizeBytes] = await Promise.all([
      computeMetadataDigest(join(place, this.#driver.layer), this.#run),
      this.#driver.measure(place, chain),
    ]);
    return { digest, sizeBytes, parentDigest: below?.digest ?? null };
  }

  /** Writes a record anew, unless the place holds another snapshot by now. */
  async replace(meta: SnapshotMeta): Promise<void> {
    const { createdAt } = await this.read(meta.key);
    if (createdAt === meta.createdAt) await writeMeta(placeOf(this.#layout, meta.key), meta, { durable: false });
  }

  async #measure(key: string): Promise<SnapshotMeta> {
    const meta = await this.read(key);
    if (isMeasured(meta)) return meta;
    const whole = { ...meta, ...(await this.measureLayer(placeOf(this.#layout, key), meta.parent)) };
    await this.replace(whole);
    return whole;
  }

  async #readBelow(parent: string, key: string): Promise<StoredMeta> {
    try {
      return await this.read(parent);
    } catch (error) {
      if (!(MachinespawnError.is(error) && error.code === 'MSP_SNAPSHOT_MISSING')) throw error;
      throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${parent.slice(0, 12)} below it is missing` }, error);
    }
  }
}
