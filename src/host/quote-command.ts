import { redact } from '../errors/redact.ts';
import { shellWords } from '../model/shell-words.ts';

/** A command as it can be pasted into a shell, credentials removed. */
export function quoteCommand(argv: readonly string[]): string {
  return redact(shellWords(argv));
}
