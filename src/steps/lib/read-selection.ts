import { fail } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import { debPath, selectionPath, type PackageSelection, type SelectedPackage } from '../../model/package-selection.ts';
import { sha256 } from './sha256.ts';

/** The selection that is kept under this digest. Throws MSP_FILE_UNREADABLE for one that is not there, or is not what it was. */
export async function readSelection(services: StepServices, digest: string): Promise<PackageSelection> {
  const path = selectionPath(services.directories.cache, digest);
  const text = await services.files.readText(path);
  if (sha256(text) !== digest) throw fail('MSP_FILE_UNREADABLE', { path, problem: 'it does not fit its digest' });
  // What fits the digest is what select-packages wrote.
  return JSON.parse(text) as PackageSelection;
}

/** Where the .deb of a selected package is kept, and what it must be. */
export function debFileOf(services: StepServices, selection: PackageSelection, selected: SelectedPackage) {
  const path = debPath(`${services.directories.packages}/${selection.distro}`, selected);
  return { name: selected.name, path, sha256: selected.sha256 };
}
