/** docs/errors.md: every error code with its exit code, and its texts with the data's names in angle brackets. */
import { catalog } from '../../src/errors/catalog.ts';
import type { CatalogEntry } from '../../src/errors/entry.ts';
import { exitCodeTexts } from '../../src/cli/exit-codes.ts';
import { generatedNote } from './generated-note.ts';
import { sampleData } from './error-samples.ts';

export function errorsPage(): string {
  const entries = (Object.entries(catalog) as [string, CatalogEntry<unknown>][]).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const codes = [...new Set(entries.map(([, { exit }]) => exit))].toSorted((a, b) => a - b);
  return [
    generatedNote,
    '# Errors',
    [
      'Every foreseen failure has a code. Match on the code: it stays the same in all releases, the texts do not. With',
      '`--json` an error is one object on stderr: `{"error": {"code", "message", "hint", "exitCode", "run", "details"}}`.',
      'Words in `<angle brackets>` stand for what is known at the time.',
    ].join('\n'),
    ...codes.flatMap((exit) => [
      `## Exit ${exit}: ${meaningOf(exit)}`,
      ...entries.filter(([, entry]) => entry.exit === exit).flatMap(([code, entry]) => errorSection(code, entry)),
    ]),
    '',
  ].join('\n\n');
}

function errorSection(code: string, { message, hint }: CatalogEntry<unknown>): readonly string[] {
  const text = message(sampleData(code));
  const help = hint?.(sampleData(code));
  const lines = [`- says \`${whole(code, text)}\``, ...(help === undefined ? [] : [`- try \`${whole(code, help)}\``])];
  return [`### ${code}`, lines.join('\n')];
}

/** A text with a hole in it would be a wrong page. */
function whole(code: string, text: string): string {
  if (text === '' || /undefined|NaN|\[object/u.test(text)) {
    throw new RangeError(`the text of ${code} cannot be shown: "${text}"; give its data a sample in error-samples.ts`);
  }
  return text.replaceAll('`', "'");
}

function meaningOf(exit: number): string {
  return exitCodeTexts.find(([code]) => code === String(exit))?.[1] ?? (exit === 130 ? 'stopped by a signal' : 'other');
}
