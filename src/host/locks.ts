import { join } from 'node:path';
import { type HeldFlock, holderOf, tryFlock, waitForFlock } from './flock.ts';

/** Where the lock directory is by default; it is empty after each boot. */
export const lockDirectory = '/run/lock/machinespawn';

/** Named locks that the kernel frees when their holder dies, and everything that it started in a sandbox. */
export class KernelLocks {
  readonly #directory: string;
  readonly #holder: string;
  readonly #held = new Map<string, HeldFlock>();

  /** `holder` is what others are told who wait for us, such as "process 4711 (machinespawn bootstrap)". */
  constructor(directory: string, holder: string) {
    this.#directory = directory;
    this.#holder = holder;
  }

  pathOf(name: string): string {
    return join(this.#directory, `${encodeURIComponent(name)}.lock`);
  }

  /** Waits until the lock is free; `onWait` hears once who holds it. Throws MSP_CANCELLED, MSP_LOCK_UNSUPPORTED. */
  async acquire(
    name: string,
    options: { readonly signal: AbortSignal; readonly onWait: (holder: string | null) => void },
  ): Promise<{ release(): void }> {
    return this.#register(name, await waitForFlock(this.pathOf(name), this.#holder, options));
  }

  /** Takes the lock if it is free; null otherwise. */
  async tryAcquire(name: string, path = this.pathOf(name)): Promise<{ release(): void } | null> {
    const lock = await tryFlock(path, this.#holder);
    return lock === null ? null : this.#register(name, lock);
  }

  holder(name: string): string | null {
    return holderOf(this.pathOf(name));
  }

  /** Descriptors of the held locks whose name `picks` picks, to be handed on to a sandbox. */
  descriptors(picks: (name: string) => boolean): readonly number[] {
    return [...this.#held].filter(([name]) => picks(name)).map(([, lock]) => lock.descriptor);
  }

  #register(name: string, lock: HeldFlock): { release(): void } {
    this.#held.set(name, lock);
    return {
      release: () => {
        if (this.#held.get(name) === lock) this.#held.delete(name);
        lock.release();
      },
    };
  }
}
