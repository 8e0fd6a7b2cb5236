/** Depends, Pre-Depends, Conflicts, Breaks and Provides of a package (Debian Policy 7.1). */
import { compareDebVersions, isDebVersion } from './deb-version.ts';

export type VersionOperator = '<<' | '<=' | '=' | '>=' | '>>';

export interface PackageRelation {
  readonly name: string;
  /** What follows the colon of "python3:any"; null when there is none. */
  readonly qualifier: string | null;
  readonly version: { readonly operator: VersionOperator; readonly than: string } | null;
}

/** "a | b (>= 1), c" is two clauses, of which the first has two alternatives. */
export type RelationClause = readonly PackageRelation[];

const name = '[a-z0-9][a-z0-9+.-]*';
const form = new RegExp(
  `^(?<name>${name})(?::(?<qualifier>[a-z0-9-]+))?(?:\\s*\\(\\s*(?<operator><<|<=|=|>=|>>|<|>)\\s*(?<than>[^\\s()]+)\\s*\\))?$`,
  'u',
);
/** Retired, and still to be found: they mean "or equal". */
const oldOperators: Readonly<Record<string, VersionOperator>> = { '<': '<=', '>': '>=' };

/** Null when the field is damaged. An empty field has no clauses. */
export function parseRelations(field: string): readonly RelationClause[] | null {
  const clauses: RelationClause[] = [];
  for (const clause of field.split(',')) {
    // A comma at the end is common, and harmless.
    if (clause.trim() === '') continue;
    const alternatives = clause.split('|').map((text) => parseRelation(text.trim()));
    if (!alternatives.every((relation) => relation !== null)) return null;
    clauses.push(alternatives);
  }
  return clauses;
}

function parseRelation(text: string): PackageRelation | null {
  const groups = form.exec(text)?.groups;
  const found = groups?.['name'];
  if (groups === undefined || found === undefined) return null;
  const { qualifier = null, operator, than } = groups;
  if (operator === undefined || than === undefined) return { name: found, qualifier, version: null };
  if (!isDebVersion(than)) return null;
  return {
    name: found,
    qualifier,
    version: { operator: oldOperators[operator] ?? (operator as VersionOperator), than },
  };
}

export function versionFits(version: string, wanted: PackageRelation['version']): boolean {
  if (wanted === null) return true;
  const order = compareDebVersions(version, wanted.than);
  switch (wanted.operator) {
    case '<<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>>':
      return order > 0;
  }
}

/** As a control file writes it: "python3:any (>= 3.11)". */
export function relationText({ name, qualifier, version }: PackageRelation): string {
  const place = qualifier === null ? '' : `:${qualifier}`;
  return `${name}${place}${version === null ? '' : ` (${version.operator} ${version.than})`}`;
}
