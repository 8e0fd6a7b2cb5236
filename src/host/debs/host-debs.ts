import { mkdir, rmdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { MachinespawnError } from '../../errors/machinespawn-error.ts';
import { tarOf, type TarFile } from '../../model/tar-file.ts';
import type { Exec } from '../exec.ts';
import type { ExecContext } from '../exec-settings.ts';
import { unwritable } from '../file-error.ts';
import type { DebFile, Debs, PackageFile, UnpackedDeb } from './debs.ts';
import { confinedTar, hostPlace } from './confined-tar.ts';
import { TarSink } from './tar-sink.ts';
import { unpackDeb, unpackStored, type Write } from './unpack-one.ts';
import { UnpackedStore } from './unpacked-store.ts';
import { XzFilter } from './xz-filter.ts';

type Options = NonNullable<Parameters<Debs['unpack']>[2]>;

/** Takes packages apart in this process, and has their files written by a few tar processes that live as long as it lasts. */
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
    const damaged = new Set<string>();
    for (;;) {
      try {
        const unpacked = await this.#unpackOnce(debs, tree, options, damaged);
        await this.#store.trim();
        return unpacked;
      } catch (error) {
        // A kept package that the disk has spoiled names itself by its digest: it is made anew from its .deb.
        const sha256 = MachinespawnError.is(error) ? error.data['package'] : null;
        if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/u.test(sha256) || damaged.has(sha256)) throw error;
        damaged.add(sha256);
        await this.#store.remove(sha256);
      }
    }
  }

  async write(files: readonly TarFile[], tree: string): Promise<void> {
    await this.#withSinks(tree, 1, async ([sink]) => {
      await sink?.write(tarOf(files));
    });
  }

  async #unpackOnce(
    debs: readonly DebFile[],
    tree: string,
    options: Options,
    damaged: ReadonlySet<string>,
  ): Promise<readonly UnpackedDeb[]> {
    const unpacked = new Map<DebFile, UnpackedDeb>();
    const queue = await largestFirst(debs);
    const one = async (deb: DebFile, write: Write, xz: XzFilter): Promise<void> => {
      const leaveOut = (controlFiles: readonly PackageFile[]): boolean =>
        options.leaveOut?.(deb, controlFiles) ?? false;
      const kept = damaged.has(deb.sha256) ? null : await this.#store.find(deb.sha256);
      if (kept !== null && leaveOut(kept.record.controlFiles))
        unpacked.set(deb, { ...kept.record, paths: null, conffiles: {}, sizeBytes: 0 });
      else if (kept !== null) unpacked.set(deb, await unpackStored(kept, write));
      else unpacked.set(deb, await unpackDeb(deb, this.#store, write, leaveOut, xz));
      options.onUnpacked?.(deb, kept !== null);
    };
    const workers = Math.min(Math.max(2, availableParallelism()), Math.max(1, debs.length));
    await this.#withSinks(tree, workers, async (sinks, signal) => {
      const work = sinks.map(async (sink) => {
        const xz = new XzFilter();
        const write = async (bytes: Buffer): Promise<void> => {
          signal.throwIfAborted();
          await sink.write(bytes);
        };
        try {
          for (let deb = queue.shift(); deb !== undefined; deb = queue.shift()) await one(deb, write, xz);
        } finally {
          xz.close();
        }
      });
      await firstFault(work, () => queue.splice(0));
    });
    return debs.map((deb) => unpacked.get(deb) as UnpackedDeb);
  }

  /** Runs `act` with so many tar processes; they have ended, and nothing of them is left, when it returns. */
  async #withSinks(
    tree: string,
    count: number,
    act: (sinks: readonly TarSink[], signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { signal } = this.#context;
    const place = join(tree, hostPlace);
    await mkdir(place, { mode: 0o755 }).catch((error: unknown) => {
      throw unwritable(place, error);
    });
    const command = await confinedTar(tree);
    const sinks = Array.from({ length: count }, () => new TarSink(this.#exec, command, this.#context));
    try {
      await act(sinks, signal);
      await Promise.all(sinks.map((sink) => sink.end()));
    } catch (error) {
      await Promise.all(sinks.map((sink) => sink.abandon()));
      throw error;
    } finally {
      await rmdir(place);
    }
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

async function largestFirst(debs: readonly DebFile[]): Promise<DebFile[]> {
  const sizes = new Map(
    await Promise.all(debs.map(async (deb) => [deb, (await stat(deb.path).catch(() => null))?.size ?? 0] as const)),
  );
  return debs.toSorted((one, other) => (sizes.get(other) ?? 0) - (sizes.get(one) ?? 0));
}
