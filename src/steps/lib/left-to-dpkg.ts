import type { PackageFile } from '../../host/services.ts';
import type { SelectedPackage } from '../../model/package-selection.ts';

/**
 * Must dpkg itself unpack this package? Its preinst would have to run before its files are there: for packages of the
 * base it is shown that this makes no difference, but for what a preinst may change about unpacking itself.
 */
export function leftToDpkg(
  { stage, preDepends }: SelectedPackage,
  controlFiles: readonly PackageFile[],
  byName: ReadonlyMap<string, SelectedPackage>,
): boolean {
  const preinst = controlFiles.find(({ name }) => name === 'preinst')?.content;
  if (preinst === undefined || stage === 'required') return false;
  if (stage === 'include') return true;
  if (/dpkg-divert|dpkg-statoverride/u.test(Buffer.from(preinst).toString('latin1'))) return true;
  return preDepends.some((name) => byName.get(name)?.stage !== 'required');
}
