/** Turns the chosen packages into the list that the machine is made from: relations become names. */
import { fail } from '../errors/machinespawn-error.ts';
import type { ChosenPackage } from './choose-packages.ts';
import { relationText, type PackageRelation, type RelationClause } from './package-relation.ts';
import type { SelectedPackage } from './package-selection.ts';
import type { PackageUniverse } from './package-universe.ts';

/** Sorted by name. Throws MSP_PACKAGES_CONFLICT. @param suite for messages */
export function selectedPackages(
  universe: PackageUniverse,
  chosen: ReadonlyMap<string, ChosenPackage>,
  suite: string,
): readonly SelectedPackage[] {
  const providers = new Map<string, string[]>();
  const sorted = [...chosen.keys()].toSorted();
  for (const name of sorted) {
    for (const provided of chosen.get(name)?.candidate.provides ?? [])
      providers.set(provided.name, [...(providers.get(provided.name) ?? []), name]);
  }
  /** Chosen packages that are what is wanted: the one of that name first. */
  const meeting = (wanted: PackageRelation): readonly string[] => {
    const real = chosen.get(wanted.name)?.candidate;
    const others = (providers.get(wanted.name) ?? []).filter((name) => {
      const candidate = chosen.get(name)?.candidate;
      return candidate !== undefined && universe.provides(candidate, wanted);
    });
    return [...(real !== undefined && universe.isReal(real, wanted) ? [real.name] : []), ...others];
  };
  const namesOf = (self: string, clauses: readonly RelationClause[]): readonly string[] => {
    const names = clauses.flatMap((clause) => clause.flatMap((wanted) => meeting(wanted).slice(0, 1)).slice(0, 1));
    return [...new Set(names)].filter((name) => name !== self).toSorted();
  };
  return sorted.flatMap((name): SelectedPackage[] => {
    const found = chosen.get(name);
    if (found === undefined) return [];
    const { candidate, stage } = found;
    const refused = { breaks: candidate.breaks, 'conflicts with': candidate.conflicts };
    for (const [verb, clauses] of Object.entries(refused)) {
      for (const wanted of clauses.flat()) {
        const other = meeting(wanted).find((one) => one !== name);
        if (other === undefined) continue;
        const relation = `${verb} ${relationText(wanted)}`;
        const { version } = candidate;
        throw fail('MSP_PACKAGES_CONFLICT', { package: name, version, relation, other, suite });
      }
    }
    return [
      {
        name,
        version: candidate.version,
        arch: candidate.arch,
        priority: candidate.priority,
        section: candidate.section,
        essential: candidate.essential,
        preDepends: namesOf(name, candidate.preDepends),
        depends: namesOf(name, candidate.depends),
        multiArch: candidate.multiArch,
        mirror: candidate.mirror,
        filename: candidate.filename,
        sizeBytes: candidate.sizeBytes,
        sha256: candidate.sha256,
        stage,
      },
    ];
  });
}
