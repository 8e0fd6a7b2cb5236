import type { Command, CommandResult } from './services.ts';

/** An `Exec` with its context filled in. */
export type RunProgram = (command: Command) => Promise<CommandResult>;
