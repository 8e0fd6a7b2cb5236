import type { RootFiles } from '../../host/services.ts';
import { debPath, type SelectedPackage } from '../../model/package-selection.ts';
import type { ScriptedPackage } from './configure-script.ts';

/** Control files that a preinst may need: what debconf reads, and itself. */
const needed = ['preinst', 'config', 'templates'];

/** Tells of packages what their scripts need, from dpkg's info directory. `left`: those that are not unpacked. */
export async function scriptedPackages(
  root: RootFiles,
  left: readonly string[],
): Promise<(selected: SelectedPackage) => ScriptedPackage> {
  const info = new Set(await root.list('/var/lib/dpkg/info'));
  return (selected) => {
    const { name, arch } = selected;
    const known = [name, `${name}:${arch}`].find((file) => info.has(`${file}.preinst`));
    const files = needed.filter((kind) => info.has(`${known}.${kind}`)).map((kind) => [`${known}.${kind}`, kind]);
    return {
      name,
      arch,
      preinst: known === undefined ? null : (Object.fromEntries(files) as Record<string, string>),
      deb: left.includes(name) ? debPath('', selected).slice(1) : null,
    };
  };
}
