/** The store of root file systems: prepare a writable one, commit it under a key, never touch it again. */

export type DriverName = 'btrfs' | 'overlay' | 'copy';

/** A tree that is being made. Until it is committed nobody else sees it. */
export interface WritableSnapshot {
  /** Unique; file-name safe. */
  readonly id: string;
  readonly parent: string | null;
  /** Absolute path of the tree, usable by this process and the ones it starts. */
  readonly path: string;
}

export interface SnapshotInfo {
  /** 64 hex digits. */
  readonly key: string;
  readonly parent: string | null;
  readonly driver: DriverName;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** What it takes on disk by itself, without its parents, in bytes. */
  readonly sizeBytes: number;
}

export interface PrepareOptions {
  /**
   * Will it differ from its parent in little, and something whole be made of it? Then copies of the parent are begun at
   * once, beside the work on the tree. @default false
   */
  readonly light?: boolean;
}

export interface CommitOptions {
  /**
   * True: it stands alone and is quick to copy again and again. False: it is an early stage of something, as small as it
   * can be. Left out: the driver decides by its size.
   */
  readonly whole?: boolean;
  /**
   * False: it is measured and written to disk soon, and nobody waits for it. Where the host goes down before that, it is a
   * damaged one. For what is made again in seconds.
   * @default true
   */
  readonly durable?: boolean;
}

export interface SnapshotStore {
  readonly driver: DriverName;
  /**
   * A writable snapshot of `parent`, or an empty tree (root:root 0755).
   * Left-overs of an earlier `prepare` with the same id are thrown away first.
   * Throws MSP_SNAPSHOT_MISSING, MSP_SNAPSHOT_DAMAGED.
   */
  prepare(parent: string | null, id: string, options?: PrepareOptions): Promise<WritableSnapshot>;
  /** Copies will be wanted in this directory (which need not be there yet): they may be begun ahead. */
  expectCopies(near: string): void;
  /** Throws away the copies that were begun ahead and that nobody asked for. */
  dropCopies(): Promise<void>;
  /** Seals the tree under `key`. Durable (syncfs) when it returns, unless `durable` is false. If `key` is there already, the new tree is discarded. */
  commit(writable: WritableSnapshot, key: string, options?: CommitOptions): Promise<void>;
  discard(writable: WritableSnapshot): Promise<void>;
  has(key: string): Promise<boolean>;
  /** Throws MSP_SNAPSHOT_MISSING, or MSP_SNAPSHOT_DAMAGED when its recorded digest of metadata does not fit the tree. */
  verify(key: string): Promise<void>;
  /** A read-only look; `release` gives it back. */
  view(key: string): Promise<{ readonly path: string; release(): Promise<void> }>;
  /** A faithful, independent, writable copy at `directory`, which must not exist; its parent must. Not yet synced. */
  materialize(key: string, directory: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  list(): Promise<readonly SnapshotInfo[]>;
  /** Removes every snapshot that no root needs (parents of roots are needed), and left-overs of dead processes. */
  gc(roots: ReadonlySet<string>): Promise<{ readonly removed: readonly SnapshotInfo[]; readonly freedBytes: number }>;
}
