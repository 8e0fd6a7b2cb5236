/** A pipeline file as read: its form is right, its names are known, its inputs are still open. */
import type { InputType } from './input-types.ts';
import type { MatrixSpec } from './matrix.ts';
import type { Json, RetryPolicy } from './step.ts';

export interface PipelineInput {
  readonly name: string;
  readonly typeName: string;
  readonly type: InputType;
  readonly summary: string;
  readonly required: boolean;
  /** Parsed by the type; undefined where the file gives none. */
  readonly default: Json | undefined;
  /** For `choice`. */
  readonly options: readonly string[] | null;
}

export interface PipelineStep {
  readonly id: string;
  readonly uses: string;
  readonly summary: string;
  readonly with: { readonly [key: string]: Json };
  /** Written and derived. */
  readonly needs: readonly string[];
  readonly if: string | null;
  readonly retry: RetryPolicy | null;
  readonly timeoutMs: number | null;
  readonly cache: boolean;
  readonly always: boolean;
  /** Once for the whole matrix, not in each cell. True where there is no matrix, too. */
  readonly once: boolean;
  readonly line: number;
}

export interface Pipeline {
  readonly format: 1;
  readonly id: string;
  readonly summary: string;
  readonly file: string | null;
  readonly sourceDigest: string;
  readonly inputs: readonly PipelineInput[];
  /** Files of the plugins that it names, less those that are built in. */
  readonly plugins: readonly string[];
  readonly matrix: MatrixSpec | null;
  /** In the file's order. */
  readonly steps: readonly PipelineStep[];
  readonly outputs: Readonly<Record<string, Json>>;
}
