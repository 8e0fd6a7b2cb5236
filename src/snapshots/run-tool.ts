/** How this room starts programs; the composition root joins it with the host's one door. */

export interface RunToolOptions {
  readonly cwd?: string;
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Runs a program in the mount namespace of this process (never in one of its own: mounts must be seen here).
 * Rejects when it cannot be started, ends with another code than 0, or is aborted; on abort only after it has ended.
 */
export type RunTool = (
  file: string,
  args: readonly string[],
  options?: RunToolOptions,
) => Promise<{ readonly stdout: string }>;
