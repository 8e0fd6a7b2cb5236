/** All packages that a machine may be made of: the indexes of one or more suites, seen as one. */
import { fail } from '../errors/machinespawn-error.ts';
import { compareDebVersions, isDebVersion } from './deb-version.ts';
import { parseRelations, versionFits, type PackageRelation, type RelationClause } from './package-relation.ts';
import type { PackagePin } from './package-request.ts';
import type { PackagesIndex, Stanza } from './packages-index.ts';

export interface CandidatePackage {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly priority: string;
  readonly section: string;
  readonly essential: boolean;
  readonly multiArch: string | null;
  readonly preDepends: readonly RelationClause[];
  readonly depends: readonly RelationClause[];
  readonly conflicts: readonly RelationClause[];
  readonly breaks: readonly RelationClause[];
  readonly provides: readonly PackageRelation[];
  readonly mirror: string;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface PackageSource {
  readonly index: PackagesIndex;
  /** Address of the archive: what `Filename` is below. */
  readonly mirror: string;
  /** Where the index is from, for messages. */
  readonly url: string;
  /** As apt has them: a version of a higher one is taken, however old it is. */
  readonly priority: number;
  /** What its suite is called: "bookworm", "stable". */
  readonly suites: readonly string[];
}

export class PackageUniverse {
  readonly arch: string;
  readonly #sources: readonly PackageSource[];
  readonly #pins: ReadonlyMap<string, PackagePin>;
  readonly #candidates = new Map<string, CandidatePackage | null>();

  /** @param pins by name: versions that are taken whatever else there is */
  constructor(arch: string, sources: readonly PackageSource[], pins: ReadonlyMap<string, PackagePin> = new Map()) {
    this.arch = arch;
    this.#sources = sources;
    this.#pins = pins;
  }

  *names(): Generator<string> {
    for (const { index } of this.#sources) yield* index.names();
  }

  /** Sorted names of the packages whose candidate has that priority. */
  ofPriority(priority: string): readonly string[] {
    const names = new Set(this.#sources.flatMap(({ index }) => [...index.ofPriority(priority)]));
    return [...names].filter((name) => this.candidate(name)?.priority === priority).toSorted();
  }

  /** Sorted names of the packages whose candidate says that it is essential. */
  essential(): readonly string[] {
    const names = new Set(this.#sources.flatMap(({ index }) => [...index.essential()]));
    return [...names].filter((name) => this.candidate(name)?.essential === true).toSorted();
  }

  /**
   * The pinned version, or else the newest one of the highest priority, of the first suite that has it; null for what no
   * package is. Throws MSP_PACKAGES_INVALID.
   */
  candidate(name: string): CandidatePackage | null {
    const known = this.#candidates.get(name);
    if (known !== undefined) return known;
    const pin = this.#pins.get(name);
    let best: { readonly version: string; readonly stanza: Stanza; readonly source: PackageSource } | null = null;
    for (const source of this.#sources) {
      for (const stanza of source.index.stanzas(name)) {
        const version = stanza.get('Version') ?? '';
        if (!isDebVersion(version)) throw broken(source, name, 'Version', version);
        if (!fitsPin(pin, version, source)) continue;
        const order =
          best === null ? 1 : source.priority - best.source.priority || compareDebVersions(version, best.version);
        if (order > 0) best = { version, stanza, source };
      }
    }
    const candidate = best === null ? null : this.#read(name, best.stanza, best.source);
    this.#candidates.set(name, candidate);
    return candidate;
  }

  /** All versions of it that there are, pinned or not, such as "7.2-1 in bookworm". */
  versions(name: string): readonly string[] {
    const found = this.#sources.flatMap(({ index, suites }) =>
      index.stanzas(name).map((stanza) => `${stanza.get('Version') ?? ''} in ${suites[0] ?? ''}`),
    );
    return [...new Set(found)];
  }

  /** Candidates that provide what is wanted, sorted by name. */
  providers(wanted: PackageRelation): readonly CandidatePackage[] {
    const names = new Set(this.#sources.flatMap(({ index }) => index.providersOf(wanted.name)));
    return [...names]
      .toSorted()
      .map((name) => this.candidate(name))
      .filter((candidate) => candidate !== null && this.provides(candidate, wanted))
      .filter((candidate) => candidate !== null);
  }

  /** Is that package what is wanted, by its own name? */
  isReal(candidate: CandidatePackage, wanted: PackageRelation): boolean {
    return (
      candidate.name === wanted.name &&
      versionFits(candidate.version, wanted.version) &&
      this.#fitsArch(candidate, wanted.qualifier)
    );
  }

  /** Does that package provide what is wanted? Without a version of its own, a provision has none (Debian Policy 7.5). */
  provides(candidate: CandidatePackage, wanted: PackageRelation): boolean {
    return candidate.provides.some(
      (provided) =>
        provided.name === wanted.name &&
        (wanted.version === null ||
          (provided.version !== null && versionFits(provided.version.than, wanted.version))) &&
        this.#fitsArch(candidate, wanted.qualifier),
    );
  }

  /** As dpkg sees it: ":any" is for packages that allow it; ":native" is the machine's architecture. */
  #fitsArch(candidate: CandidatePackage, qualifier: string | null): boolean {
    if (qualifier === null || qualifier === 'native' || qualifier === this.arch) return true;
    return qualifier === 'any' ? candidate.multiArch === 'allowed' : candidate.arch === qualifier;
  }

  #read(name: string, stanza: Stanza, source: PackageSource): CandidatePackage {
    const text = (field: string, form: RegExp): string => {
      const value = stanza.get(field) ?? '';
      if (!form.test(value)) throw broken(source, name, field, value);
      return value;
    };
    const relations = (field: string): readonly RelationClause[] => {
      const value = stanza.get(field) ?? '';
      const clauses = parseRelations(value);
      if (clauses === null) throw broken(source, name, field, value);
      return clauses;
    };
    // These become names of files, and parts of addresses.
    if (!/^[a-z0-9][a-z0-9+.-]*$/u.test(name)) throw broken(source, name, 'Package', name);
    const arch = text('Architecture', /^[a-z0-9-]+$/u);
    if (arch !== 'all' && arch !== this.arch) throw broken(source, name, 'Architecture', arch);
    const filename = text('Filename', /^(?:\.\/)?[A-Za-z0-9][A-Za-z0-9+.:~_%/-]*$/u);
    if (filename.split('/').includes('..')) throw broken(source, name, 'Filename', filename);
    return {
      name,
      version: stanza.get('Version') ?? '',
      arch,
      priority: stanza.get('Priority') ?? 'optional',
      section: stanza.get('Section') ?? '',
      essential: stanza.get('Essential') === 'yes',
      multiArch: stanza.get('Multi-Arch') ?? null,
      preDepends: relations('Pre-Depends'),
      depends: relations('Depends'),
      conflicts: relations('Conflicts'),
      breaks: relations('Breaks'),
      provides: relations('Provides').flat(),
      mirror: source.mirror,
      filename,
      sizeBytes: Number(text('Size', /^\d{1,12}$/u)),
      sha256: text('SHA256', /^[0-9a-f]{64}$/u),
    };
  }
}

function fitsPin(pin: PackagePin | undefined, version: string, { suites }: PackageSource): boolean {
  if (pin === undefined) return true;
  return pin.version === null ? suites.includes(pin.suite ?? '') : compareDebVersions(version, pin.version) === 0;
}

function broken({ url }: PackageSource, name: string, field: string, value: string): Error {
  const what = value === '' ? `has no ${field}` : `has a damaged ${field}: ${value.slice(0, 200)}`;
  return fail('MSP_PACKAGES_INVALID', { url, problem: `the package '${name}' ${what}` });
}
