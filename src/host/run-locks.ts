/** Locks that a run keeps from the step that takes them until it ends. */
import type { KernelLocks } from './locks.ts';

interface Held {
  readonly name: string;
  release(): void;
}

/** By run and name; whoever ends the run gives them back. */
export class RunLocks {
  readonly #locks: KernelLocks;
  readonly #held = new Map<string, Held[]>();

  constructor(locks: KernelLocks) {
    this.#locks = locks;
  }

  /** False when another run has it. Nobody waits: two runs that want two names each would wait for each other. */
  async take(runId: string, name: string): Promise<boolean> {
    if (this.has(runId, name)) return true;
    const lock = await this.#locks.tryAcquire(name);
    if (lock === null) return false;
    const held = this.#held.get(runId) ?? [];
    this.#held.set(runId, held);
    held.push({ name, release: () => lock.release() });
    return true;
  }

  has(runId: string, name: string): boolean {
    return this.#held.get(runId)?.some((one) => one.name === name) ?? false;
  }

  release(runId: string): void {
    for (const lock of this.#held.get(runId) ?? []) lock.release();
    this.#held.delete(runId);
  }
}
