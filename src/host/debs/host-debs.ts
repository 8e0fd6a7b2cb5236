import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { TarFile } from '../../model/tar-file.ts';
import { cancelled } from '../cancelled.ts';
import type { Exec } from '../exec.ts';
import type { ExecContext } from '../exec-settings.ts';
import type { DebFile, Debs, UnpackedDeb } from './debs.ts';
import { keepDebs } from './keep-debs.ts';
import { withOwnTar, withTreeWriters, type TreeWriter } from './tree-writer.ts';
import { UnpackedStore } from './unpacked-store.ts';

/** So much of .debs, and so many, at a time. */
const batchBytes = 2 * 1024 * 1024;
const batchMost = 16;

type Options = NonNullable<Parameters<Debs['unpack']>[2]>;

/** Packages are decompressed and looked at side by side, each into a file of the store, from which tar writes it into the tree. */
export class HostDebs implements Debs {
  readonly #exec: Exec;
  readonly #context: ExecContext;
  readonly #store: UnpackedStore;

  constructor(exec: Exec, context: ExecContext, cacheDirectory: string) {
    this.#exec = exec;
    this.#context = context;
    this.#store = new UnpackedStore(cacheDirectory);
  }

  async unpack(debs: readonly DebFile[], tree: string, options: Options = {}): Promise<readonly UnpackedDeb[]> {
    // While some are looked at, others are decompressed.
    const count = Math.min(availableParallelism() + 1, Math.max(1, debs.length));
    const unpacked = await this.#withWriters(tree, count, async (writers) => {
      const found = await this.#unpackAll(debs, writers, options);
      await this.#writeOwn(writers, options.after?.(found) ?? []);
      return found;
    });
    await this.#store.trim();
    return unpacked;
  }

  async write(files: readonly TarFile[], tree: string): Promise<void> {
    await this.#withWriters(tree, 1, async (writers) => await this.#writeOwn(writers, files));
  }

  async #withWriters<T>(tree: string, count: number, act: (writers: readonly TreeWriter[]) => Promise<T>): Promise<T> {
    await this.#store.prepare();
    const [exec, context, { directory }] = [this.#exec, this.#context, this.#store];
    return await withTreeWriters({ exec, context, tree, directory }, count, act);
  }

  async #writeOwn([writer]: readonly TreeWriter[], files: readonly TarFile[]): Promise<void> {
    if (writer === undefined || files.length === 0) return;
    await withOwnTar(files, this.#store.directory, async (path) => await writer.extract([path]));
  }

  async #unpackAll(
    debs: readonly DebFile[],
    writers: readonly TreeWriter[],
    { before = [], first = null, leaveOut = () => false, onUnpacked }: Options,
  ): Promise<readonly UnpackedDeb[]> {
    const { signal } = this.#context;
    const unpacked = new Map<DebFile, UnpackedDeb>();
    const queue = await batchesOf(debs.filter((deb) => deb !== first));
    const ready = Promise.withResolvers<void>();
    // Whoever waits for it has a fault of its own to tell.
    ready.promise.catch(() => undefined);
    const unpackBatch = async (batch: readonly DebFile[], writer: TreeWriter): Promise<void> => {
      const kept = await keepDebs(batch, { store: this.#store, unpackXz: writer.unpackXz, leaveOut });
      if (batch[0] !== first) await ready.promise;
      const files = kept.flatMap(({ file }) => file ?? []);
      if (files.length > 0) await writer.extract(files);
      for (const [index, { unpacked: one, isFromCache }] of kept.entries()) {
        const deb = batch[index] as DebFile;
        unpacked.set(deb, one);
        onUnpacked?.(deb, isFromCache);
      }
    };
    const work = writers.map(async (writer, index) => {
      try {
        if (index === 0) {
          await this.#writeOwn([writer], before);
          if (first !== null) await unpackBatch([first], writer);
          ready.resolve();
        }
        for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
          if (signal.aborted) throw cancelled(signal);
          await unpackBatch(batch, writer);
        }
      } catch (error) {
        ready.reject(error);
        throw error;
      }
    });
    await firstFault(work, () => queue.splice(0));
    return debs.map((deb) => unpacked.get(deb) as UnpackedDeb);
  }
}

/** Waits for all, even when one fails: nothing may go on behind the caller's back. */
async function firstFault(work: readonly Promise<void>[], stop: () => void): Promise<void> {
  let fault: { readonly error: unknown } | null = null;
  const watched = work.map((one) =>
    one.catch((error: unknown) => {
      fault ??= { error };
      stop();
    }),
  );
  await Promise.all(watched);
  if (fault !== null) throw (fault as { readonly error: unknown }).error;
}

/** The largest first. Small ones share programs: starting them takes longer than most packages do. */
async function batchesOf(debs: readonly DebFile[]): Promise<DebFile[][]> {
  const sized = await Promise.all(
    debs.map(async (deb) => ({ deb, bytes: (await stat(deb.path).catch(() => null))?.size ?? 0 })),
  );
  const batches: DebFile[][] = [];
  let filled = Infinity;
  for (const { deb, bytes } of sized.toSorted((one, other) => other.bytes - one.bytes)) {
    if (filled + bytes > batchBytes || (batches.at(-1)?.length ?? 0) >= batchMost) {
      batches.push([]);
      filled = 0;
    }
    batches.at(-1)?.push(deb);
    filled += bytes;
  }
  return batches;
}
