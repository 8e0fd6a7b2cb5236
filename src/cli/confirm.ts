/** Questions to the person, by the table of CLI.md 3.6: every prompt has a flag, and none is asked without a terminal. */
import { createInterface } from 'node:readline/promises';
import { fail } from '../errors/machinespawn-error.ts';
import type { Globals } from './global-options.ts';
import type { Terminal } from './terminal.ts';

export interface Question {
  /** "Remove bread?" */
  readonly text: string;
  /** For the error where nobody can be asked: "removing several machines". */
  readonly action: string;
  /** What says yes beforehand. @default --yes */
  readonly flag?: string;
  /** Without a terminal: `do` it, or demand the flag. */
  readonly unattended: 'do' | 'demand';
}

/** True when it shall be done. Throws MSP_CONFIRMATION_MISSING. */
export async function confirm(
  question: Question,
  globals: Pick<Globals, 'yes' | 'noInput'>,
  terminal: Terminal,
): Promise<boolean> {
  if (globals.yes) return true;
  if (canAsk(globals, terminal)) return ask(question.text, terminal);
  if (question.unattended === 'do') return true;
  throw fail('MSP_CONFIRMATION_MISSING', { action: question.action, flag: question.flag ?? '--yes' });
}

export function canAsk(globals: Pick<Globals, 'noInput'>, terminal: Terminal): boolean {
  return terminal.stdin.isTTY === true && !globals.noInput;
}

/** A question of yes or no; only where `canAsk`. */
export async function ask(text: string, terminal: Terminal): Promise<boolean> {
  return /^(?:y|yes)$/iu.test(await askText(`${text} [y/N]`, terminal));
}

/** A question whose answer is a line; '' at the end of the input. Only where `canAsk`. */
export async function askText(text: string, terminal: Terminal): Promise<string> {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr as unknown as NodeJS.WritableStream });
  try {
    // Without this the answer would never come at the end of the input.
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return (await Promise.race([lines.question(`${text} `), closed])).trim();
  } finally {
    lines.close();
  }
}
