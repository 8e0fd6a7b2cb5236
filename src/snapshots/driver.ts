import type { LayerChanges } from './layer-changes.ts';
import type { DriverName } from './snapshot-store.ts';

/** A committed layer and, where it is stacked, those below it: from the newest to the one that is whole. */
export interface LayerChain {
  /** Absolute paths of the layers' places (directories that hold layer and record). */
  readonly places: readonly string[];
}

/** A layer that was begun in a place. */
export interface StartedLayer {
  /** Where the whole tree can be changed. */
  readonly path: string;
}

/** A layer that was sealed in a place. */
export interface SealedLayer {
  /** Does it need its parent's layer below it? */
  readonly isStacked: boolean;
  /** Where it was put together from `links`: how it differs from the layer that they lead to. */
  readonly changes?: LayerChanges | null;
}

/** One way of keeping trees. It makes, opens and seals layers inside a place; names and records are the store's. */
export interface SnapshotDriver {
  readonly name: DriverName;
  /** Name of the layer inside its place. */
  readonly layer: 'tree' | 'diff';
  /** Begins a layer in the empty directory `place`. */
  start(place: string, parent: LayerChain | null): Promise<StartedLayer>;
  /**
   * Nothing is mounted afterwards.
   * `parent`: what `start` was given. `whole`: must it stand alone? Undefined: the driver decides by its size.
   * `links`: asked once at most, for hard links to the lowest layer that were made ahead; null when there are none.
   */
  seal(
    place: string,
    parent: LayerChain | null,
    whole: boolean | undefined,
    links?: () => Promise<string | null>,
  ): Promise<SealedLayer>;
  /** Is a layer made whole by hard links to those below it? Then these can be made ahead. */
  readonly links: boolean;
  /** Gives back what `start` or a cut-off `seal` holds, so that the place can be removed. */
  abandon(place: string): Promise<void>;
  /** The whole tree, not to be written to. `place` is an empty directory for the driver's use. */
  open(chain: LayerChain, place: string): Promise<{ readonly path: string; close(): Promise<void> }>;
  /** True when it made `target` by a quicker way than copying. */
  cloneTo(chain: LayerChain, target: string): Promise<boolean>;
  /** Has the kernel kept the sealed layer from being changed since? Then its digest need not be looked at. */
  isFrozen?(place: string): Promise<boolean>;
  /** What the sealed layer takes on disk beside its parent's layers, in bytes. */
  measure(place: string, parent: LayerChain | null): Promise<number>;
  /** Is that known only once the layer is on the disk? */
  readonly sizedBySync: boolean;
}
