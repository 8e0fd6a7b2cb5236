/** A pipeline whose inputs are given, whose names are all known and whose order is fixed. It decides a run alone. */
import type { Json, RetryPolicy } from './step.ts';
import type { Pipeline } from './pipeline.ts';
import type { StepRegistry } from './step-registry.ts';

export interface PlannedStep {
  readonly id: string;
  readonly uses: string;
  readonly summary: string;
  /** Strings may hold `${{ }}`; see `evaluateValue`. */
  readonly with: Json;
  /** Written or derived from references; in the order of the steps. */
  readonly needs: readonly string[];
  /** One expression, always inside `${{ }}`; null when the step runs in any case. */
  readonly if: string | null;
  /** Null where the file says nothing: the step type's own policy holds. */
  readonly retry: RetryPolicy | null;
  /** Null where the file says nothing: the step type's own limit holds. */
  readonly timeoutMs: number | null;
  /** False: no result of another run is taken, and none is kept. */
  readonly cache: boolean;
  /** Runs even when a step before it failed. */
  readonly always: boolean;
  /** Line in the pipeline file, from 1. */
  readonly line: number;
}

export interface Plan {
  readonly format: 1;
  readonly pipeline: {
    readonly id: string;
    readonly summary: string;
    readonly file: string | null;
    readonly sourceDigest: string;
  };
  /** Every declared input; null for an optional one that was not given. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** In a topological order that keeps the file's order where it can. */
  readonly steps: readonly PlannedStep[];
  /** Strings may hold `${{ }}`. */
  readonly outputs: Readonly<Record<string, Json>>;
}

/** Throws MSP_INPUT_INVALID. */
export async function makePlan(
  pipeline: Pipeline,
  givenInputs: Readonly<Record<string, unknown>>,
  registry: StepRegistry,
): Promise<Plan> {
  throw new TypeError(`being written ${pipeline.id} ${Object.keys(givenInputs).length} ${registry.ids().length}`);
}
