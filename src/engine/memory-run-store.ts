/** Runs that leave nothing behind: the same journal, held in memory. For commands such as `list` and `run`, and for tests. */
import { fail } from '../errors/machinespawn-error.ts';
import type { Lock, RunFiles, RunStore } from './ports.ts';

interface Held {
  readonly plan: string;
  journal: string;
  locked: boolean;
  readonly logs: Map<string, string[]>;
}

export class MemoryRunStore implements RunStore {
  readonly #runs = new Map<string, Held>();

  create(runId: string, plan: string): Promise<RunFiles> {
    this.#runs.set(runId, { plan, journal: '', locked: false, logs: new Map() });
    return this.open(runId);
  }

  open(runId: string): Promise<RunFiles> {
    const held = this.#runs.get(runId);
    if (held === undefined) return Promise.reject(fail('MSP_RUN_NOT_FOUND', { run: runId }));
    return Promise.resolve(filesOf(runId, held));
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#runs.keys()].toSorted());
  }

  remove(runId: string): Promise<void> {
    this.#runs.delete(runId);
    return Promise.resolve();
  }

  /** Frees every lock, as the kernel does when their holder dies. */
  releaseLocks(): void {
    for (const held of this.#runs.values()) held.locked = false;
  }

  /** Lines of an attempt's log. */
  log(runId: string, stepId: string, attempt: number): readonly string[] {
    return this.#runs.get(runId)?.logs.get(`${stepId}/${attempt}`) ?? [];
  }
}

function filesOf(runId: string, held: Held): RunFiles {
  return {
    runId,
    directory: '',
    readPlan: () => Promise.resolve(held.plan),
    readJournal: () => Promise.resolve(held.journal),
    openJournal: (keepBytes) => {
      held.journal = Buffer.from(held.journal).subarray(0, keepBytes).toString();
      return Promise.resolve({
        append: (text: string) => {
          held.journal += text;
        },
        close: () => {},
      });
    },
    openLog: (stepId, attempt) => {
      const lines: string[] = [];
      held.logs.set(`${stepId}/${attempt}`, lines);
      return { path: '', write: (line: string) => void lines.push(line), close: () => {} };
    },
    lock: (): Promise<Lock> => {
      if (held.locked) return Promise.reject(fail('MSP_RUN_BUSY', { run: runId, pid: null }));
      held.locked = true;
      return Promise.resolve({
        release: () => {
          held.locked = false;
        },
      });
    },
  };
}
