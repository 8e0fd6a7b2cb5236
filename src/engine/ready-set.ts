/** Which steps may be taken up now: a step is ready when all that it needs are settled. Linear in steps and references. */
import type { PlannedStep } from './plan.ts';

type ReadyStep = Pick<PlannedStep, 'id' | 'needs' | 'cell'>;

/**
 * Cells of a matrix are worked on one after the other, as far as the jobs allow: a step of a cell that was begun comes
 * before the first step of the next one, and no more than `maxCells` are open at once.
 */
export class ReadySet {
  readonly #waitingFor = new Map<string, number>();
  readonly #dependants = new Map<string, string[]>();
  /** Steps that were taken up too early and wait for one that is done again. */
  readonly #parked = new Map<string, string[]>();
  readonly #settled = new Set<string>();
  readonly #cellOf = new Map<string, string>();
  /** Steps of each cell that are not settled. */
  readonly #left = new Map<string, number>();
  readonly #open = new Set<string>();
  /** Ready steps of cells that are not open. */
  readonly #later = new Map<string, string[]>();
  readonly #maxCells: number;
  #queue: string[] = [];
  #next = 0;

  constructor(steps: readonly ReadyStep[], maxCells: number | null = null) {
    this.#maxCells = maxCells ?? Infinity;
    for (const { id, cell } of steps) {
      if (cell === null) continue;
      this.#cellOf.set(id, cell);
      this.#left.set(cell, (this.#left.get(cell) ?? 0) + 1);
    }
    for (const step of steps) {
      this.#waitingFor.set(step.id, step.needs.length);
      if (step.needs.length === 0) this.#enqueueInCell(step.id);
      for (const need of step.needs) {
        const list = this.#dependants.get(need);
        if (list === undefined) this.#dependants.set(need, [step.id]);
        else list.push(step.id);
      }
    }
  }

  /** Cells that were begun and are not done. */
  get openCells(): number {
    return this.#open.size;
  }

  /** `isIdle`: nothing runs. A cell beyond the limit is then opened all the same: the open ones wait for it. */
  take(isIdle = false): string | null {
    const id = this.#queue[this.#next];
    if (id !== undefined) {
      this.#next += 1;
      return id;
    }
    this.#queue = [];
    this.#next = 0;
    const [cell, ready] = this.#later.entries().next().value ?? [];
    if (cell === undefined || ready === undefined || (this.#open.size >= this.#maxCells && !isIdle)) return null;
    this.#later.delete(cell);
    this.#open.add(cell);
    this.#queue = ready;
    return this.take();
  }

  /** The step has ended, in whichever way: those that waited for it come nearer. */
  settle(id: string): void {
    const parked = this.#parked.get(id);
    this.#parked.delete(id);
    if (parked !== undefined) this.#queue.push(...parked);
    if (this.#settled.has(id)) return;
    this.#settled.add(id);
    this.#countDown(id);
    for (const dependant of this.#dependants.get(id) ?? []) {
      const left = (this.#waitingFor.get(dependant) ?? 0) - 1;
      this.#waitingFor.set(dependant, left);
      if (left === 0) this.#enqueueInCell(dependant);
    }
  }

  /** Takes `id` up again once `producer`, which is being done again, has settled. */
  park(id: string, producer: string): void {
    const parked = this.#parked.get(producer);
    if (parked === undefined) this.#parked.set(producer, [id]);
    else parked.push(id);
  }

  /** Whatever its cell: something waits for it. */
  enqueue(id: string): void {
    this.#queue.push(id);
  }

  #enqueueInCell(id: string): void {
    const cell = this.#cellOf.get(id);
    if (cell === undefined || this.#open.has(cell)) this.#queue.push(id);
    else {
      const later = this.#later.get(cell);
      if (later === undefined) this.#later.set(cell, [id]);
      else later.push(id);
    }
  }

  #countDown(id: string): void {
    const cell = this.#cellOf.get(id);
    if (cell === undefined) return;
    const left = (this.#left.get(cell) ?? 0) - 1;
    this.#left.set(cell, left);
    if (left === 0) this.#open.delete(cell);
  }
}
