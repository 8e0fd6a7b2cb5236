/**
 * Chooses the packages of a machine, as debootstrap does: what the variant names, and of each dependency the first
 * alternative that is a package. What debootstrap does not look at comes on top: versions, provided names, conflicts.
 * Nothing is tried and taken back, so the answer is one, quick, and the same for the same indexes.
 */
import { fail } from '../errors/machinespawn-error.ts';
import type { BaseRecipe } from './base-recipe.ts';
import { nearest } from './nearest.ts';
import { pinText, type PackagePin } from './package-request.ts';
import { relationText, type PackageRelation, type RelationClause } from './package-relation.ts';
import type { SelectedPackage } from './package-selection.ts';
import type { CandidatePackage, PackageUniverse } from './package-universe.ts';

export interface ChoiceRequest {
  readonly recipe: BaseRecipe;
  readonly include: readonly string[];
  /** By name: versions that are asked for. */
  readonly pins?: ReadonlyMap<string, PackagePin>;
  /** Taken off the lists of the variant and of `include`; what another package needs comes all the same. */
  readonly exclude: readonly string[];
  /** For messages. */
  readonly suite: string;
}

export type Stage = SelectedPackage['stage'];

export interface ChosenPackage {
  readonly candidate: CandidatePackage;
  readonly stage: Stage;
}

const priorities = ['required', 'important', 'standard', 'optional', 'extra'];

/** By name. Throws MSP_PACKAGE_UNKNOWN, MSP_PACKAGE_VERSION_UNKNOWN, MSP_DEPENDENCY_UNMET, MSP_PACKAGES_INVALID. */
export function choosePackages(universe: PackageUniverse, request: ChoiceRequest): ReadonlyMap<string, ChosenPackage> {
  const choice = new Choice(universe, request);
  // As apt has it: "nano-" is not to be there.
  const left = request.include.filter((name) => name.endsWith('-') && universe.candidate(name) === null);
  const include = request.include.filter((name) => !left.includes(name));
  const excluded = new Set([...request.exclude, ...left.map((name) => name.slice(0, -1))]);
  const { required, base } = request.recipe;
  const lists = { required, base, include };
  const asked = Object.entries(lists).flatMap(([stage, names]) =>
    names.filter((name) => !excluded.has(name)).map((name) => ({ name, stage: stage as Stage })),
  );
  for (const [name, pin] of request.pins ?? []) {
    const versions = universe.versions(name);
    if (universe.candidate(name) === null && versions.length > 0)
      throw fail('MSP_PACKAGE_VERSION_UNKNOWN', { package: name + pinText(pin), versions });
  }
  const unknown = asked.filter(({ name }) => universe.candidate(name) === null).map(({ name }) => name);
  if (unknown.length > 0) {
    const packages = [...new Set(unknown)].toSorted();
    const instead = packages.flatMap((name) => standIns(universe, name));
    throw fail('MSP_PACKAGE_UNKNOWN', { packages, suite: request.suite, instead: [...new Set(instead)] });
  }
  for (const { name, stage } of asked) choice.take(name, stage);
  choice.complete();
  return choice.chosen;
}

/** Packages that provide the name, or the one whose name is nearest. */
function standIns(universe: PackageUniverse, name: string): readonly string[] {
  const providers = universe.providers({ name, qualifier: null, version: null });
  if (providers.length > 0) return providers.slice(0, 5).map((provider) => provider.name);
  const near = nearest(name, nearInLength(universe.names(), name));
  return near === null ? [] : [near];
}

/** Comparing one word with a hundred thousand takes seconds. */
function* nearInLength(names: Iterable<string>, word: string): Generator<string> {
  for (const name of names) if (Math.abs(name.length - word.length) <= 3 && name[0] === word[0]) yield name;
}

class Choice {
  readonly chosen = new Map<string, ChosenPackage>();
  readonly #universe: PackageUniverse;
  readonly #request: ChoiceRequest;
  /** Names of chosen packages by what they provide. */
  readonly #providers = new Map<string, string[]>();

  constructor(universe: PackageUniverse, request: ChoiceRequest) {
    this.#universe = universe;
    this.#request = request;
  }

  /** With everything that follows from it. A package that is chosen stays in its stage. */
  take(name: string, stage: Stage): void {
    const queue = [name];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const candidate = this.#universe.candidate(next);
      if (candidate === null || this.chosen.has(next)) continue;
      this.chosen.set(next, { candidate, stage });
      for (const { name: provided } of candidate.provides)
        this.#providers.set(provided, [...(this.#providers.get(provided) ?? []), next]);
      for (const [first] of clausesOf(candidate))
        if (first !== undefined && this.#isWelcome(first)) queue.push(first.name);
    }
  }

  /** Takes what is still needed: a further alternative, or a package that provides the name. */
  complete(): void {
    for (let before = -1; before !== this.chosen.size;) {
      before = this.chosen.size;
      for (const { candidate, stage } of [...this.chosen.values()].toSorted(byName)) {
        for (const clause of clausesOf(candidate)) {
          if (clause.some((wanted) => this.#isMet(wanted))) continue;
          this.take(this.#option(candidate, clause).name, stage);
        }
      }
    }
  }

  #isWelcome(wanted: PackageRelation): boolean {
    if (this.#request.recipe.neverByDependency.has(wanted.name)) return false;
    const candidate = this.#universe.candidate(wanted.name);
    return candidate !== null && this.#universe.isReal(candidate, wanted);
  }

  #isMet(wanted: PackageRelation): boolean {
    const real = this.chosen.get(wanted.name);
    if (real !== undefined && this.#universe.isReal(real.candidate, wanted)) return true;
    return (this.#providers.get(wanted.name) ?? []).some((name) => {
      const provider = this.chosen.get(name);
      return provider !== undefined && this.#universe.provides(provider.candidate, wanted);
    });
  }

  #option(candidate: CandidatePackage, clause: RelationClause): CandidatePackage {
    const { neverByDependency } = this.#request.recipe;
    for (const wanted of clause) {
      const real = this.#universe.candidate(wanted.name);
      if (real !== null && this.#isWelcome(wanted)) return real;
      const [provider] = this.#universe
        .providers(wanted)
        .filter(({ name }) => !neverByDependency.has(name))
        .toSorted((a, b) => rankOf(a) - rankOf(b));
      if (provider !== undefined) return provider;
    }
    const { name, version } = candidate;
    const { suite } = this.#request;
    const relation = clause.map(relationText).join(' | ');
    const problem = clause.map((wanted) => this.#whyNot(wanted)).join('; ');
    throw fail('MSP_DEPENDENCY_UNMET', { package: name, version, relation, problem, suite });
  }

  #whyNot(wanted: PackageRelation): string {
    const real = this.#universe.candidate(wanted.name);
    if (real !== null) return `there is ${real.name} ${real.version}`;
    const providers = this.#universe.providers({ ...wanted, version: null, qualifier: null });
    if (providers.length > 0) return `${providers.map(({ name }) => name).join(', ')} provides another version`;
    const near = nearest(wanted.name, nearInLength(this.#universe.names(), wanted.name));
    return `there is no ${wanted.name}${near === null ? '' : ` (but ${near})`}`;
  }
}

const rankOf = ({ priority }: CandidatePackage): number => (priorities.indexOf(priority) + 10) % 10;

function byName(a: ChosenPackage, b: ChosenPackage): number {
  return a.candidate.name < b.candidate.name ? -1 : 1;
}

function clausesOf({ preDepends, depends }: CandidatePackage): readonly RelationClause[] {
  return [...preDepends, ...depends];
}
