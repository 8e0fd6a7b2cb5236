/** The moments of an attempt at which it may be cut off or cancelled. */
import { fail } from '../errors/machinespawn-error.ts';

/** Thrown where the process is pretended to be gone. Nobody is there to catch it: every further call throws it again. */
class CutOff extends Error {
  constructor() {
    super('the process is gone');
  }
}

export interface Disturbance {
  /** `cut`: as by SIGKILL. `abort`: the run is cancelled. */
  readonly kind: 'cut' | 'abort';
  /** Number of the moment, from 0. */
  readonly at: number;
}

export class Moments {
  readonly #disturbance: Disturbance | null;
  readonly #controller = new AbortController();
  readonly #passed: string[] = [];
  #gone = false;

  constructor(disturbance: Disturbance | null) {
    this.#disturbance = disturbance;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Was the attempt cut off? */
  get gone(): boolean {
    return this.#gone;
  }

  /** What each moment was, such as "before publish(…)". */
  get passed(): readonly string[] {
    return this.#passed;
  }

  pass(what: string): void {
    if (this.#gone) throw new CutOff();
    const hit = this.#disturbance?.at === this.#passed.length;
    this.#passed.push(what);
    if (!hit) return;
    if (this.#disturbance?.kind === 'cut') {
      this.#gone = true;
      throw new CutOff();
    }
    this.#controller.abort(fail('MSP_CANCELLED', { reason: 'the test says so' }));
  }

  /**
   * One call of the services. It throws once the attempt is cut off or aborted.
   * `inside` is to be called in the middle of what leaves something half done.
   */
  async call<T>(what: string, kind: 'reads' | 'writes', act: (inside: () => void) => T | Promise<T>): Promise<T> {
    this.pass(`before ${what}`);
    await Promise.resolve();
    this.#stopIfAborted();
    const result = await act(() => {
      this.pass(`inside ${what}`);
      this.#stopIfAborted();
    });
    if (kind === 'writes') this.pass(`after ${what}`);
    else if (this.#gone) throw new CutOff();
    return result;
  }

  #stopIfAborted(): void {
    if (this.#gone) throw new CutOff();
    if (this.signal.aborted) throw this.signal.reason;
  }
}
