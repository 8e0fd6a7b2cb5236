import type { PackageFile } from '../../host/debs/debs.ts';
import type { SelectedPackage } from '../../model/package-selection.ts';

/**
 * Must dpkg itself unpack this package? Its preinst would have to run before its files are there. For packages of the
 * base it is shown that this makes no difference, but for a preinst that changes how dpkg unpacks.
 */
export function leftToDpkg({ stage }: SelectedPackage, controlFiles: readonly PackageFile[]): boolean {
  if (stage === 'required' || !controlFiles.some(({ name }) => name === 'preinst')) return false;
  return stage === 'include' || changesUnpacking(controlFiles);
}

/** Has its preinst to do with what dpkg unpacks otherwise than packages have it: of its own package, and of those after it? */
export function changesUnpacking(controlFiles: readonly PackageFile[]): boolean {
  const preinst = controlFiles.find(({ name }) => name === 'preinst')?.content ?? Buffer.alloc(0);
  return /dpkg-divert|dpkg-statoverride/u.test(Buffer.from(preinst).toString('latin1'));
}
