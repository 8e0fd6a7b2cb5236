/** The order in which debootstrap installs a selection (its scripts/debian-common). Numbers of users and groups depend on it. */
import { neededBy } from './needed-by.ts';
import type { PackageSelection, SelectedPackage } from './package-selection.ts';

export interface InstallOrder {
  /** One after the other, before all others. */
  readonly core: readonly SelectedPackage[];
  /** The other required ones, together. */
  readonly required: readonly SelectedPackage[];
  /** What others pre-depend on, with what it needs itself: group after group. */
  readonly groups: readonly (readonly SelectedPackage[])[];
  /** All others, together. */
  readonly rest: readonly SelectedPackage[];
}

const coreNames = ['base-passwd', 'base-files', 'dpkg', 'libc6', 'perl-base', 'mawk', 'debconf'];

export function installOrder({ packages }: Pick<PackageSelection, 'packages'>): InstallOrder {
  const byName = new Map(packages.map((selected) => [selected.name, selected]));
  const sorted = packages.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const required = packages.filter(({ stage }) => stage === 'required');
  const others = packages.filter(({ stage }) => stage !== 'required');
  const done = new Set(required.map(({ name }) => name));
  const groups: (readonly SelectedPackage[])[] = [];
  // As `dpkg --predep-package` goes about it, in the order of dpkg's table of packages.
  const inTableOrder = others.toSorted((one, other) => binOf(one.name) - binOf(other.name));
  for (;;) {
    const next = nextPreDependency(inTableOrder, byName, done);
    if (next === null) break;
    const group = neededBy([next.name], sorted).filter(({ name }) => !done.has(name));
    for (const { name } of group) done.add(name);
    groups.push(group);
  }
  return {
    core: coreNames.flatMap((name) => required.find((selected) => selected.name === name) ?? []),
    required: required.filter(({ name }) => !coreNames.includes(name)),
    groups,
    rest: others.filter(({ name }) => !done.has(name)),
  };
}

/** All packages of the order, the first one first. */
export function flatOrder({ core, required, groups, rest }: InstallOrder): readonly SelectedPackage[] {
  return [...core, ...required, ...groups.flat(), ...rest];
}

function nextPreDependency(
  packages: readonly SelectedPackage[],
  byName: ReadonlyMap<string, SelectedPackage>,
  done: ReadonlySet<string>,
): SelectedPackage | null {
  const unmet = (selected: SelectedPackage, seen: readonly string[]): SelectedPackage | undefined =>
    selected.preDepends
      .filter((name) => !done.has(name) && !seen.includes(name))
      .flatMap((name) => byName.get(name) ?? [])[0];
  for (const selected of packages) {
    if (done.has(selected.name)) continue;
    let found: SelectedPackage | null = null;
    const seen = [selected.name];
    for (let next = unmet(selected, seen); next !== undefined; next = unmet(next, seen)) {
      found = next;
      seen.push(next.name);
    }
    if (found !== null) return found;
  }
  return null;
}

/** Where dpkg keeps a package of this name: FNV-1a over the size of its table (lib/dpkg/pkg-hash.c, since 1.17). */
function binOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % 65521;
}
