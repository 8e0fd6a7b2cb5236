/** Looks on while an archive passes, and ends that when it finds something. */
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { TarSafety, type TarEntry, type TarLimits } from '../model/tar-safety.ts';

export interface Judged {
  /** For errors: what the user calls it. */
  readonly name: string;
  readonly limits: TarLimits;
  readonly onProgress?: (unpackedBytes: number) => void;
}

const progressEachBytes = 64 * 1024 * 1024;

export class ArchiveJudge {
  readonly #of: Judged;
  readonly #packedBytes: number;
  readonly #stop: AbortController;
  readonly #safety: TarSafety;
  #problem: MachinespawnError | null = null;
  #bytes = 0;
  #nextProgress = 0;

  /** `stop` is aborted at the first finding. */
  constructor(of: Judged, packedBytes: number, stop = new AbortController()) {
    this.#of = of;
    this.#packedBytes = packedBytes;
    this.#stop = stop;
    this.#safety = new TarSafety(of.limits);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** What was found; null as long as there is nothing. */
  get problem(): MachinespawnError | null {
    return this.#problem;
  }

  /** Does what looks at a part of the archive; after a finding there is no point in it. What it throws is a finding. */
  look(act: () => void): void {
    if (this.#problem !== null) return;
    try {
      act();
    } catch (error) {
      this.#problem = MachinespawnError.is(error) ? error : this.#damaged(messageOf(error), error);
      // Nothing more of it may reach the disk.
      this.#stop.abort({ hard: true });
    }
  }

  /** Throws MSP_TAR_UNSAFE; to be called inside of `look`, as `refuse`. */
  entry(entry: TarEntry): void {
    const problem = this.#safety.problemOf(entry);
    if (problem !== null) this.refuse(entry.path, problem);
  }

  refuse(entry: string, problem: string): never {
    throw fail('MSP_TAR_UNSAFE', { archive: this.#of.name, entry, problem });
  }

  /** That much of the unpacked archive has passed, at least. */
  passed(bytes: number): void {
    this.#bytes = Math.max(this.#bytes, bytes);
    this.look(() => this.#requireLimits());
    if (this.#bytes < this.#nextProgress) return;
    this.#nextProgress = this.#bytes + progressEachBytes;
    this.#of.onProgress?.(this.#bytes);
  }

  /** When all has passed; `problem` is why it is not whole. Throws MSP_TAR_TOO_LARGE, MSP_TAR_CUT. */
  verdict(problem: string | null): { readonly entries: number } {
    this.#requireLimits();
    if (problem !== null) throw fail('MSP_TAR_CUT', { archive: this.#of.name, problem });
    return { entries: this.#safety.entries };
  }

  #requireLimits(): void {
    const excess = this.#safety.excess(this.#bytes, this.#packedBytes);
    if (excess !== null) throw fail('MSP_TAR_TOO_LARGE', { archive: this.#of.name, problem: excess });
  }

  #damaged(problem: string, cause?: unknown): MachinespawnError {
    return fail('MSP_TAR_DAMAGED', { archive: this.#of.name, problem }, cause);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
