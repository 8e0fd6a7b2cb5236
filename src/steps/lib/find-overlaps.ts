import { mergedPath } from '../../model/merged-usr.ts';
import type { SelectedPackage } from '../../model/package-selection.ts';
import type { UnpackedDeb } from '../../host/debs/debs.ts';

const stages = ['required', 'base', 'include'] as const;

/** Packages that share a file with one that debootstrap would unpack before them, and those others. */
export function findOverlaps(
  unpacked: ReadonlyMap<string, UnpackedDeb>,
  byName: ReadonlyMap<string, SelectedPackage>,
): { readonly losers: readonly string[]; readonly winners: readonly SelectedPackage[] } {
  const rank = (name: string): number => stages.indexOf(byName.get(name)?.stage ?? 'include');
  const inOrder = [...unpacked.keys()].toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
  const owners = new Map<string, string>();
  const losers = new Set<string>();
  const winners = new Set<string>();
  for (const name of inOrder) {
    for (const path of unpacked.get(name)?.paths ?? []) {
      if (path.endsWith('/') || path === '/.') continue;
      const real = mergedPath(path);
      const owner = owners.get(real);
      if (owner === undefined) owners.set(real, name);
      else if (owner !== name) {
        losers.add(name);
        winners.add(owner);
      }
    }
  }
  return { losers: [...losers], winners: [...winners].flatMap((name) => byName.get(name) ?? []) };
}
