import type { Readable } from 'node:stream';

export interface ExecSettings {
  /** Without root there are no namespaces: programs run in a process group of their own. */
  readonly isRoot: boolean;
  /** Time between asking a program to end and killing it. @default 10000 */
  readonly graceMs?: number;
  /** Kills all programs at once. */
  readonly kill?: AbortSignal;
  /** The caller's TERM, for programs that get the terminal. */
  readonly term?: string;
}

/** What belongs to one attempt of a step. */
export interface ExecContext {
  /** Goes to the program's standard input, in place of the command's `stdin`. */
  readonly input?: Readable;
  readonly signal: AbortSignal;
  readonly onOutput?: (line: string) => void;
  /** Locks that must not be free before the program is dead. */
  readonly lockDescriptors?: () => readonly number[];
}
