/** Reads what select-packages chose. */
import { fail } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import { selectionPath, type PackageSelection } from '../../model/package-selection.ts';
import { sha256 } from './sha256.ts';

/** @param digest as select-packages gave it. Throws MSP_SELECTION_MISSING. */
export async function readSelection(
  { files, directories }: Pick<StepServices, 'files' | 'directories'>,
  digest: string,
): Promise<PackageSelection> {
  const path = selectionPath(directories.cache, digest);
  if ((await files.info(path))?.type !== 'file')
    throw fail('MSP_SELECTION_MISSING', { path, problem: 'there is no such file' });
  const text = await files.readText(path);
  if (sha256(text) !== digest) throw fail('MSP_SELECTION_MISSING', { path, problem: 'it was changed' });
  // Its digest says that we wrote it; the format is of this version or of another one.
  const selection = JSON.parse(text) as PackageSelection;
  if (selection.format !== 1)
    throw fail('MSP_SELECTION_MISSING', { path, problem: `it has format ${String(selection.format)}` });
  return selection;
}
