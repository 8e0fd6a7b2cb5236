import type { PackageFile } from '../../host/debs/debs.ts';
import type { SelectedPackage } from '../../model/package-selection.ts';

/**
 * Must dpkg itself unpack this package? Its preinst would have to run before its files are there. For packages of the
 * base it is shown that this makes no difference, but for a preinst that changes how dpkg unpacks.
 */
export function leftToDpkg({ stage }: SelectedPackage, controlFiles: readonly PackageFile[]): boolean {
  const preinst = controlFiles.find(({ name }) => name === 'preinst')?.content;
  if (preinst === undefined || stage === 'required') return false;
  return stage === 'include' || /dpkg-divert|dpkg-statoverride/u.test(Buffer.from(preinst).toString('latin1'));
}
