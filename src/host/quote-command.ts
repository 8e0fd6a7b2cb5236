import { redact } from '../errors/redact.ts';

const safe = /^[\w@%+=:,./-]+$/u;

const quote = (word: string): string => (safe.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** A command as it can be pasted into a shell, credentials removed. */
export function quoteCommand(argv: readonly string[]): string {
  return redact(argv.map(quote).join(' '));
}
