/** Unpacks the selected packages into an empty tree and writes dpkg's records of it. Runs no program of theirs. */
import { z } from 'zod';
import type { DebFile, PackageFile, UnpackedDeb } from '../host/services.ts';
import { parseDebControl } from '../model/deb-control.ts';
import { infoFiles, statusStanza, triggerFiles, type UnpackedPackage } from '../model/dpkg-database.ts';
import { flatOrder, installOrder } from '../model/install-order.ts';
import { mergedUsrFiles } from '../model/merged-usr.ts';
import type { PackageSelection, SelectedPackage } from '../model/package-selection.ts';
import { defineStep, type Context } from './define-step.ts';
import { debFileOf } from './lib/deb-file.ts';
import { findOverlaps } from './lib/find-overlaps.ts';
import { leftToDpkg } from './lib/left-to-dpkg.ts';
import { readSelection } from './lib/read-selection.ts';

const input = z.strictObject({
  selection: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .describe('Digest of the selection, from select-packages'),
});

/** Its directories are those that others lie in, with modes of their own: it comes before all others. */
const firstPackage = 'base-files';

export const unpackPackages = defineStep({
  id: 'unpack-packages',
  summary: 'Unpack packages into an empty tree',
  version: 1,
  input,
  output: z.strictObject({
    tree: z.string().describe('The unpacked tree'),
    packages: z.number().describe('How many packages are unpacked'),
    unpackedBytes: z.number().describe('Size of their files'),
    later: z.array(z.string()).describe('Packages that only dpkg can unpack, once others are configured'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['tar', 'xz', 'chroot'] },
  describe: ({ packages, unpackedBytes }) => `${packages} packages, ${Math.round(unpackedBytes / 1048576)} MiB`,

  async run(context) {
    const { services, input } = context;
    const selection = await readSelection(services, input.selection);
    const { path, ref } = await services.trees.change(null, { whole: false });
    await services.debs.write(mergedUsrFiles(selection), path);
    const unpacked = await unpackAll(context, selection, path);
    const later = selection.packages.filter(({ name }) => !unpacked.has(name)).map(({ name }) => name);
    await services.debs.write(databaseOf(selection, unpacked), path);
    const all = [...unpacked.values()];
    return {
      tree: ref,
      packages: all.length,
      unpackedBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      later,
    };
  },
});

/** By name, those that are left to dpkg left out. */
async function unpackAll(
  { services, progress, log }: Context,
  selection: PackageSelection,
  tree: string,
): Promise<ReadonlyMap<string, UnpackedDeb>> {
  const byName = new Map(selection.packages.map((selected) => [selected.name, selected]));
  const total = selection.packages.length;
  let [done, kept] = [0, 0];
  const options = {
    leaveOut: (deb: DebFile, controlFiles: readonly PackageFile[]): boolean => {
      const selected = byName.get(deb.name);
      return selected !== undefined && leftToDpkg(selected, controlFiles);
    },
    onUnpacked: (deb: DebFile, isFromCache: boolean): void => {
      done += 1;
      if (isFromCache) kept += 1;
      progress({ phase: 'unpacking packages', done, total, unit: 'items', text: deb.name });
    },
  };
  const unpacked = new Map<string, UnpackedDeb>();
  const unpack = async (packages: readonly SelectedPackage[]): Promise<void> => {
    const debs = packages.map((selected) => debFileOf(services, selection, selected));
    for (const [index, found] of (await services.debs.unpack(debs, tree, options)).entries())
      if (found.paths !== null) unpacked.set(debs[index]?.name ?? '', found);
  };
  const [first, others] = [
    selection.packages.filter(({ name }) => name === firstPackage),
    selection.packages.filter(({ name }) => name !== firstPackage),
  ];
  if (first.length > 0) await unpack(first);
  await unpack(others);
  log.info(`${kept} of ${total} packages were kept unpacked from an earlier time`);
  // Two packages with one file: who may have it is for dpkg to say, so it gets the later one.
  const { losers, winners } = findOverlaps(unpacked, byName);
  for (const name of losers) unpacked.delete(name);
  for (const name of losers) log.info(`${name} has files of another package: it is left to dpkg`);
  if (winners.length > 0) await unpack(winners);
  return unpacked;
}

function databaseOf(selection: PackageSelection, unpacked: ReadonlyMap<string, UnpackedDeb>) {
  // Triggers are written in this order, too.
  const records = flatOrder(installOrder(selection)).flatMap((selected) => {
    const found = unpacked.get(selected.name);
    return found === undefined ? [] : [{ selected, found, record: recordOf(selected, found) }];
  });
  const stanzas = records.map(({ record, found }) => statusStanza(record, new Map(Object.entries(found.conffiles))));
  const packages = records.map(({ record }) => record);
  return [
    { path: 'var/lib/dpkg/info/format', content: '1\n', mode: 0o644 },
    ...packages.flatMap(infoFiles),
    ...triggerFiles(packages),
    { path: 'var/lib/dpkg/status', content: stanzas.map((stanza) => `${stanza}\n`).join(''), mode: 0o644 },
    { path: 'var/lib/dpkg/available', content: '', mode: 0o644 },
  ];
}

function recordOf(selected: SelectedPackage, found: UnpackedDeb): UnpackedPackage {
  const control = found.controlFiles.find(({ name }) => name === 'control')?.content ?? Buffer.alloc(0);
  const parsed = parseDebControl(Buffer.from(control).toString('utf8'), selected.name);
  // debootstrap tells dpkg of the archive's own view once the required packages are there: what comes later keeps its own.
  const classOf = (field: 'priority' | 'section'): string =>
    (selected.stage === 'required' ? undefined : parsed.fields.get(field)?.value) ?? selected[field];
  return {
    control: parsed,
    priority: classOf('priority'),
    section: classOf('section'),
    controlFiles: found.controlFiles.filter(({ name }) => name !== 'control'),
    paths: (found.paths ?? []).map((path) => path.replace(/\/$/u, '')),
  };
}
