/** How this room starts programs; the composition root joins it with the host's one door. */

export interface RunToolOptions {
  readonly cwd?: string;
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Takes its output as it comes; `stdout` is empty then. */
  readonly onBytes?: (bytes: Uint8Array) => void;
  /** It mounts something for this process: it runs without a namespace of its own. @default false */
  readonly mounts?: boolean;
}

/**
 * Runs a program that sees the mounts of this process, and that dies with it.
 * Rejects when it cannot be started, ends with another code than 0, or is aborted; on abort only after it has ended.
 */
export type RunTool = (
  file: string,
  args: readonly string[],
  options?: RunToolOptions,
) => Promise<{ readonly stdout: string }>;
