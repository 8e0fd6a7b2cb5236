/** Writes an error to stderr, for a person or for a program. */
import { errorAsJson, errorLines } from './print-error.ts';
import type { OutputStream, Paint } from './terminal.ts';

export function reportFailure(
  error: unknown,
  terminal: { readonly stderr: OutputStream; readonly paint: Paint },
  form: { readonly json: boolean; readonly run?: string; readonly log?: string | null; readonly afterSteps?: boolean },
): void {
  const place = { run: form.run ?? null, log: form.log ?? null };
  const lines = form.json ? [errorAsJson(error, place)] : ['', ...errorLines(error, terminal.paint, place)];
  // The empty line sets the error off from the steps of a run.
  const shown = form.afterSteps !== true && !form.json ? lines.slice(1) : lines;
  for (const line of shown) terminal.stderr.write(`${line}\n`);
}
