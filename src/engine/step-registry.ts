/** Step types by id, loaded when they are first asked for; a badly formed one is refused. */
import { fail } from '../errors/machinespawn-error.ts';
import { checkStepType } from './step-type-check.ts';
import type { AnyStep } from './step.ts';

export class StepRegistry<Services = unknown> {
  readonly #loaders = new Map<string, () => Promise<AnyStep<Services>>>();
  readonly #loaded = new Map<string, Promise<AnyStep<Services>>>();

  /** Throws MSP_STEP_TYPE_INVALID when the id is taken. */
  add(id: string, load: () => Promise<AnyStep<Services>>): void {
    if (this.#loaders.has(id)) throw fail('MSP_STEP_TYPE_INVALID', { step: id, problem: 'the name is taken already' });
    this.#loaders.set(id, load);
  }

  has(id: string): boolean {
    return this.#loaders.has(id);
  }

  /** Sorted. */
  ids(): readonly string[] {
    return [...this.#loaders.keys()].toSorted();
  }

  /** Throws MSP_STEP_TYPE_INVALID, for an unknown one too: plans hold only known ones. */
  get(id: string): Promise<AnyStep<Services>> {
    const known = this.#loaded.get(id);
    if (known !== undefined) return known;
    const loading = this.#load(id);
    this.#loaded.set(id, loading);
    return loading;
  }

  async #load(id: string): Promise<AnyStep<Services>> {
    const load = this.#loaders.get(id);
    if (load === undefined) throw fail('MSP_STEP_TYPE_INVALID', { step: id, problem: 'there is no such step type' });
    const step = await load();
    checkStepType(id, step);
    return step;
  }
}
