/** Which steps may be taken up now: a step is ready when all that it needs are settled. Linear in steps and references. */
import type { PlannedStep } from './plan.ts';

export class ReadySet {
  readonly #waitingFor = new Map<string, number>();
  readonly #dependants = new Map<string, string[]>();
  /** Steps that were taken up too early and wait for one that is done again. */
  readonly #parked = new Map<string, string[]>();
  readonly #settled = new Set<string>();
  #queue: string[] = [];
  #next = 0;

  constructor(steps: readonly PlannedStep[]) {
    for (const step of steps) {
      this.#waitingFor.set(step.id, step.needs.length);
      if (step.needs.length === 0) this.#queue.push(step.id);
      for (const need of step.needs) {
        const list = this.#dependants.get(need);
        if (list === undefined) this.#dependants.set(need, [step.id]);
        else list.push(step.id);
      }
    }
  }

  take(): string | null {
    const id = this.#queue[this.#next];
    if (id === undefined) {
      this.#queue = [];
      this.#next = 0;
      return null;
    }
    this.#next += 1;
    return id;
  }

  /** The step has ended, in whichever way: those that waited for it come nearer. */
  settle(id: string): void {
    const parked = this.#parked.get(id);
    this.#parked.delete(id);
    if (parked !== undefined) this.#queue.push(...parked);
    if (this.#settled.has(id)) return;
    this.#settled.add(id);
    for (const dependant of this.#dependants.get(id) ?? []) {
      const left = (this.#waitingFor.get(dependant) ?? 0) - 1;
      this.#waitingFor.set(dependant, left);
      if (left === 0) this.#queue.push(dependant);
    }
  }

  /** Takes `id` up again once `producer`, which is being done again, has settled. */
  park(id: string, producer: string): void {
    const parked = this.#parked.get(producer);
    if (parked === undefined) this.#parked.set(producer, [id]);
    else parked.push(id);
  }

  enqueue(id: string): void {
    this.#queue.push(id);
  }
}
