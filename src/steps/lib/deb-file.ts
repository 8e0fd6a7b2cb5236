import type { DebFile } from '../../host/debs/debs.ts';
import type { StepServices } from '../../host/services.ts';
import { debPath, type PackageSelection, type SelectedPackage } from '../../model/package-selection.ts';

/** Where the .deb of a selected package is kept, and what it must be. */
export function debFileOf(services: StepServices, selection: PackageSelection, selected: SelectedPackage): DebFile {
  const path = debPath(`${services.directories.packages}/${selection.distro}`, selected);
  return { name: selected.name, path, sha256: selected.sha256 };
}
