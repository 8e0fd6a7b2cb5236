import type { SelectedPackage } from './package-selection.ts';

/** Those packages that have one of the names, with all that they depend on. In the order given. */
export function neededBy(names: readonly string[], packages: readonly SelectedPackage[]): readonly SelectedPackage[] {
  const byName = new Map(packages.map((selected) => [selected.name, selected]));
  const found = new Set(names.flatMap((name) => byName.get(name) ?? []));
  // What is added meanwhile is visited, too.
  for (const selected of found) {
    for (const name of [...selected.preDepends, ...selected.depends]) {
      const needed = byName.get(name);
      if (needed !== undefined) found.add(needed);
    }
  }
  return packages.filter((selected) => found.has(selected));
}
