/** Unpacks packages of a selection into a tree, and makes dpkg's records of them. */
import type { DebFile, LeaveOut, UnpackedDeb } from '../../host/debs/debs.ts';
import { parseDebControl } from '../../model/deb-control.ts';
import { infoFiles, statusStanza, triggerFiles, type UnpackedPackage } from '../../model/dpkg-database.ts';
import type { PackageSelection, SelectedPackage } from '../../model/package-selection.ts';
import type { TarFile } from '../../model/tar-file.ts';
import type { Context } from '../define-step.ts';
import { debFileOf } from './deb-file.ts';
import { findOverlaps } from './find-overlaps.ts';
import { changesUnpacking, leftToDpkg } from './left-to-dpkg.ts';

export interface UnpackedSelection {
  readonly packages: readonly UnpackedPackage[];
  /** Interests in triggers, those of packages that are left among them: dpkg keeps the place of what it finds there. */
  readonly triggers: ReadonlyMap<string, string>;
  /** dpkg's record of each, by name, with the empty line after it. */
  readonly stanzas: ReadonlyMap<string, string>;
  /** Names of those that only dpkg can unpack. */
  readonly left: readonly string[];
  /** What tar has written, in the order of the packages: those that turned out to be dpkg's are among them. */
  readonly extracted: readonly UnpackedDeb[];
  readonly sizeBytes: number;
}

/** Its directories are those that others lie in, with modes of their own: it comes before all others. */
const firstPackage = 'base-files';

/** What goes along with the packages. */
export interface UnpackSettings {
  /** There before any package. */
  readonly before?: readonly TarFile[];
  /** Written when all of them are unpacked. */
  readonly records: (unpacked: UnpackedSelection) => readonly TarFile[];
  /** Has the package of this name a path that only dpkg can treat rightly? */
  readonly isSpecial?: (name: string, paths: readonly string[]) => boolean;
}

/** @param packages in the order in which dpkg should learn of them */
export async function unpackSelected(
  context: Context,
  selection: PackageSelection,
  packages: readonly SelectedPackage[],
  tree: string,
  { before = [], records, isSpecial = () => false }: UnpackSettings,
): Promise<UnpackedSelection> {
  const { services, log } = context;
  const byName = new Map(packages.map((selected) => [selected.name, selected]));
  const unpacked = new Map<string, UnpackedDeb>();
  const all = new Map<string, UnpackedDeb>();
  const take = (found: readonly UnpackedDeb[], of: readonly SelectedPackage[]): void => {
    for (const [index, one] of found.entries()) {
      const name = of[index]?.name ?? '';
      all.set(name, one);
      if (one.paths !== null) unpacked.set(name, one);
    }
  };
  const { options, kept } = watch(context, packages, isSpecial);
  const debsOf = (some: readonly SelectedPackage[]): readonly DebFile[] =>
    some.map((selected) => debFileOf(services, selection, selected));
  const debs = debsOf(packages);
  let whole: UnpackedSelection | null = null;
  await services.debs.unpack(debs, tree, {
    ...options,
    before,
    first: debs.find(({ name }) => name === firstPackage) ?? null,
    ahead: debs.filter(({ name }) => byName.get(name)?.stage === 'include'),
    after: (found) => {
      take(found, packages);
      if (findOverlaps(unpacked, byName).losers.length > 0) return [];
      whole = summaryOf(packages, unpacked, all);
      return records(whole);
    },
  });
  log.info(`${kept()} of ${packages.length} packages were kept unpacked from an earlier time`);
  if (whole !== null) return whole;
  // Two packages with one file: who may have it is for dpkg to say, so it gets the later one.
  const { losers, winners } = findOverlaps(unpacked, byName);
  for (const name of losers) {
    unpacked.delete(name);
    log.info(`${name} has files of another package: it is left to dpkg`);
  }
  take(await services.debs.unpack(debsOf(winners), tree, options), winners);
  const rest = summaryOf(packages, unpacked, all);
  await services.debs.write(records(rest), tree);
  return rest;
}

function watch(
  context: Context,
  packages: readonly SelectedPackage[],
  isSpecial: NonNullable<UnpackSettings['isSpecial']>,
) {
  const order = new Map(packages.map(({ name }, index) => [name, index]));
  let [done, kept] = [0, 0];
  /** Where the first package is whose preinst changes what happens to those after it. */
  let changedAfter = Infinity;
  const leaveOut: LeaveOut = ({ name }, controlFiles, paths) => {
    const index = order.get(name) ?? 0;
    const selected = packages[index];
    if (selected === undefined) return false;
    if (leftToDpkg(selected, controlFiles)) {
      // For packages of the base it is shown that this makes no difference.
      if (selected.stage === 'include' && changesUnpacking(controlFiles)) changedAfter = Math.min(changedAfter, index);
      return true;
    }
    if (paths === null || !(index > changedAfter || isSpecial(name, paths))) return false;
    context.log.info(`${name} may be diverted, or get another owner or mode: it is left to dpkg`);
    return true;
  };
  const options = {
    leaveOut,
    onUnpacked: (deb: DebFile, isFromCache: boolean): void => {
      done = Math.min(done + 1, packages.length);
      if (isFromCache) kept += 1;
      context.progress({ phase: 'unpacking packages', done, total: packages.length, unit: 'items', text: deb.name });
    },
  };
  return { options, kept: () => kept };
}

function summaryOf(
  packages: readonly SelectedPackage[],
  unpacked: ReadonlyMap<string, UnpackedDeb>,
  all: ReadonlyMap<string, UnpackedDeb>,
): UnpackedSelection {
  const found = packages.flatMap((selected) => {
    const one = unpacked.get(selected.name);
    return one === undefined ? [] : [{ selected, record: recordOf(selected, one), one }];
  });
  return {
    packages: found.map(({ record }) => record),
    triggers: triggerFiles(
      packages.flatMap((selected) => {
        const one = all.get(selected.name);
        return one === undefined ? [] : [recordOf(selected, one)];
      }),
    ),
    stanzas: new Map(
      found.map(({ selected, record, one }) => [selected.name, `${statusStanza(record, one.conffiles)}\n`]),
    ),
    left: packages.map(({ name }) => name).filter((name) => !unpacked.has(name)),
    extracted: packages.flatMap(({ name }) => all.get(name) ?? []).filter(({ paths }) => paths !== null),
    sizeBytes: found.reduce((sum, { one }) => sum + one.sizeBytes, 0),
  };
}

/** Their files in dpkg's info directory. */
export function infoFilesOf({ packages }: UnpackedSelection): readonly TarFile[] {
  return packages.flatMap(infoFiles);
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
