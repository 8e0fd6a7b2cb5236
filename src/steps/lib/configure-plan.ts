import type { RootFiles, StepServices } from '../../host/services.ts';
import { flatOrder, installOrder } from '../../model/install-order.ts';
import { debPath, type PackageSelection, type SelectedPackage } from '../../model/package-selection.ts';
import type { ConfigureBatch, ConfigurePlan, ScriptedPackage } from './configure-script.ts';

/** Control files that a preinst may need: what debconf reads, and itself. */
const needed = ['preinst', 'config', 'templates'];

export interface ConfigureWork {
  readonly plan: ConfigurePlan;
  /** What dpkg knows at first, and what it learns later: the text of its status file in pieces. */
  readonly status: string;
  readonly laterStatus: readonly string[];
}

/** @param left names of the packages that are not unpacked yet */
export async function planConfigure(
  { directories }: StepServices,
  root: RootFiles,
  selection: PackageSelection,
  left: readonly string[],
): Promise<ConfigureWork> {
  const info = new Set(await root.list('/var/lib/dpkg/info'));
  const directory = `${directories.packages}/${selection.distro}`;
  const scripted = (selected: SelectedPackage): ScriptedPackage => {
    const { name, arch } = selected;
    const known = [name, `${name}:${arch}`].find((file) => info.has(`${file}.preinst`));
    const files = needed.filter((kind) => info.has(`${known}.${kind}`)).map((kind) => [`${known}.${kind}`, kind]);
    return {
      name,
      arch,
      preinst: known === undefined ? null : Object.fromEntries(files),
      deb: left.includes(name) ? debPath(directory, selected).slice(directory.length + 1) : null,
    };
  };
  const order = installOrder(selection);
  const batch = (
    packages: readonly SelectedPackage[],
    status: number | null,
    configure: ConfigureBatch['configure'],
  ) => ({
    packages: packages.map(scripted),
    status,
    configure,
  });
  const later = [...order.groups, order.rest];
  const stanzas = await readStanzas(root);
  const statusOf = (packages: readonly SelectedPackage[]): string =>
    packages.map(({ name }) => stanzas.get(name) ?? '').join('');
  return {
    plan: {
      core: order.core.map(scripted),
      required: batch([...order.required], null, 'pending'),
      later: later.map((packages, index) => batch(packages, index, index === later.length - 1 ? 'all' : 'these')),
    },
    status: statusOf(flatOrder({ ...order, groups: [], rest: [] })),
    laterStatus: later.map(statusOf),
  };
}

/** Records of dpkg's status file, by name, each with its empty line. */
async function readStanzas(root: RootFiles): Promise<ReadonlyMap<string, string>> {
  const text = (await root.readText('/var/lib/dpkg/status')) ?? '';
  const stanzas = text.split('\n\n').filter((stanza) => stanza.trim() !== '');
  return new Map(stanzas.map((stanza) => [/^Package: (.*)$/mu.exec(stanza)?.[1] ?? '', `${stanza.trimEnd()}\n\n`]));
}
