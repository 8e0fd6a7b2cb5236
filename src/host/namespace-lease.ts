import { closeSync, writeSync } from 'node:fs';

/** Our end of the pipe to the init of a sandbox. The kernel closes it when we die, and the sandbox dies with it. */
export class NamespaceLease {
  #descriptor: number | null;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Sends a signal to every process of the namespace. */
  signal(name: 'TERM' | 'INT' | 'HUP'): void {
    if (this.#descriptor === null) return;
    try {
      writeSync(this.#descriptor, `${name}\n`);
    } catch {
      // EPIPE: the namespace has ended.
    }
  }

  /** Kills the namespace, if it still is there. */
  end(): void {
    if (this.#descriptor === null) return;
    closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
