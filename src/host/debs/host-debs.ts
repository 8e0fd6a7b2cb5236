import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { TarFile } from '../../model/tar-file.ts';
import { cancelled } from '../cancelled.ts';
import type { Exec } from '../exec.ts';
import type { ExecContext } from '../exec-settings.ts';
import type { DebFile, Debs, UnpackedDeb } from './debs.ts';
import { keepDebs, withoutData, type KeptDeb } from './keep-debs.ts';
import { withOwnTar, withTreeWriters, type TreeWriter } from './tree-writer.ts';
import { UnpackedStore } from './unpacked-store.ts';

/** So much of .debs, and so many, at a time. */
const batchBytes = 2 * 1024 * 1024;
const batchMost = 16;

type Options = NonNullable<Parameters<Debs['unpack']>[2]>;

/** Packages that are decompressed and not yet written. */
interface Looked {
  readonly batch: readonly DebFile[];
  readonly kept: readonly KeptDeb[];
}

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
    { before = [], first = null, ahead = [], leaveOut = () => false, onUnpacked }: Options,
  ): Promise<readonly UnpackedDeb[]> {
    const { signal } = this.#context;
    const unpacked = new Map<DebFile, UnpackedDeb>();
    const others = debs.filter((deb) => deb !== first);
    const aheadQueue = await batchesOf(others.filter((deb) => ahead.includes(deb)));
    const queue = await batchesOf(others.filter((deb) => !ahead.includes(deb)));
    const looked: Looked[] = [];
    let unseen = aheadQueue.length;
    const ready = Promise.withResolvers<void>();
    const seen = Promise.withResolvers<void>();
    const gates = Promise.all([ready.promise, seen.promise]);
    // Whoever waits for it has a fault of its own to tell.
    gates.catch(() => undefined);
    if (unseen === 0) seen.resolve();
    const look = async (batch: readonly DebFile[], writer: TreeWriter): Promise<Looked> => {
      if (signal.aborted) throw cancelled(signal);
      return { batch, kept: await keepDebs(batch, { store: this.#store, unpackXz: writer.unpackXz, leaveOut }) };
    };
    const write = async ({ batch, kept }: Looked, writer: TreeWriter): Promise<void> => {
      const judged = kept.map((one, index) => judge(one, batch[index] as DebFile, leaveOut));
      const files = judged.flatMap(({ file }) => file ?? []);
      if (files.length > 0) await writer.extract(files);
      for (const [index, { unpacked: one, isFromCache }] of judged.entries()) {
        const deb = batch[index] as DebFile;
        unpacked.set(deb, one);
        onUnpacked?.(deb, isFromCache);
      }
    };
    const work = writers.map(async (writer, index) => {
      try {
        if (index === 0) {
          await this.#writeOwn([writer], before);
          if (first !== null) await write(await look([first], writer), writer);
          ready.resolve();
        }
        for (let batch = aheadQueue.shift(); batch !== undefined; batch = aheadQueue.shift()) {
          looked.push(await look(batch, writer));
          unseen -= 1;
          if (unseen === 0) seen.resolve();
        }
        for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
          const one = await look(batch, writer);
          await gates;
          await write(one, writer);
        }
        await gates;
        for (let one = looked.shift(); one !== undefined; one = looked.shift()) await write(one, writer);
      } catch (error) {
        for (const gate of [ready, seen]) gate.reject(error);
        throw error;
      }
    });
    await firstFault(work, () => [aheadQueue, queue, looked].forEach((left) => left.splice(0)));
    return debs.map((deb) => unpacked.get(deb) as UnpackedDeb);
  }
}

/** What is to be left out now that all is known of it. */
function judge(kept: KeptDeb, deb: DebFile, leaveOut: NonNullable<Options['leaveOut']>): KeptDeb {
  const { controlFiles, paths } = kept.unpacked;
  if (paths === null || !leaveOut(deb, controlFiles, paths)) return kept;
  return { ...kept, unpacked: withoutData(controlFiles), file: null };
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
