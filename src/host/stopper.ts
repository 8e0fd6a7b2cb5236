/** Ends a program in two steps: asked first, killed after a grace time or at once. */
export interface Stoppable {
  terminate(): void;
  kill(): void;
}

export interface StopOptions {
  readonly graceMs: number;
  readonly timeoutMs?: number | undefined;
  /** Asked to end when `heard` was not called for so long. */
  readonly idleMs?: number | undefined;
  /** Asks. Kills at once when its reason has a true property `hard`. */
  readonly signal: AbortSignal;
  /** Kills at once, whatever was asked before. */
  readonly kill?: AbortSignal | undefined;
}

const isHard = (reason: unknown): boolean =>
  typeof reason === 'object' && reason !== null && 'hard' in reason && reason.hard === true;

/** Watches the signals until `release` is called. */
export class Stopper {
  readonly #program: Stoppable;
  readonly #options: StopOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  #isAsked = false;
  isTimedOut = false;
  isIdle = false;
  #idleTimer: NodeJS.Timeout | null = null;

  constructor(program: Stoppable, options: StopOptions) {
    this.#program = program;
    this.#options = options;
    const { signal, kill, timeoutMs } = options;
    signal.addEventListener('abort', this.#onAbort);
    kill?.addEventListener('abort', this.#onKill);
    if (timeoutMs !== undefined) this.#timers.push(setTimeout(this.#onTimeout, timeoutMs));
    if (options.idleMs !== undefined) this.#idleTimer = setTimeout(this.#onIdle, options.idleMs);
    if (kill?.aborted === true) this.#onKill();
    else if (signal.aborted) this.#onAbort();
  }

  /** The program has said something. */
  heard(): void {
    this.#idleTimer?.refresh();
  }

  release(): void {
    clearTimeout(this.#idleTimer ?? undefined);
    this.#idleTimer = null;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#options.kill?.removeEventListener('abort', this.#onKill);
  }

  readonly #onKill = (): void => this.#program.kill();

  readonly #onAbort = (): void => {
    if (isHard(this.#options.signal.reason)) this.#onKill();
    else this.#ask();
  };

  readonly #onTimeout = (): void => {
    this.isTimedOut = true;
    this.#ask();
  };

  readonly #onIdle = (): void => {
    this.isIdle = true;
    this.#ask();
  };

  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#program.terminate();
    this.#timers.push(setTimeout(this.#onKill, this.#options.graceMs));
  }
}
