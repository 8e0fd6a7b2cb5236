/** Is a step to be done without the results that are stored? */
import type { RunOptions } from './run-options.ts';

/** Why, for a person; null when stored results may serve. `record`: what the journal says of the step. */
export function whyAnew(
  id: string,
  { noCache, refresh }: Pick<RunOptions, 'noCache' | 'refresh'>,
  record: { readonly anew: boolean; readonly why: string | null } = { anew: false, why: null },
): string | null {
  if (noCache === true) return 'stored results are not asked for (--no-cache)';
  if (record.anew) return record.why ?? 'it is to be done again';
  if (refresh?.some((name) => name === '*' || name === id) === true) return 'it is to be done anew (--refresh)';
  return null;
}
