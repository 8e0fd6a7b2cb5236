/**
 * What --include asks for: a package, and maybe which of its versions, in the words that apt-get(8) and mmdebstrap(1) know:
 * "nano", "nano:amd64", "nano=7.2-1", "nano/bookworm-backports"; and patterns, which only apt can answer (apt-patterns(7)):
 * "?essential", "~pstandard", "fonts-*".
 */
import { fail } from '../errors/machinespawn-error.ts';

export type PackageRequest = PackageByName | PackagePattern;

export interface PackageByName {
  readonly kind: 'package';
  readonly name: string;
  /** Null or 'native' for the machine's own. */
  readonly arch: string | null;
  /** This one, however old or new; null for whichever is the newest. */
  readonly version: string | null;
  /** Suite or codename of the archive that it is to come from; null for any. */
  readonly suite: string | null;
}

export interface PackagePattern {
  readonly kind: 'pattern';
  readonly text: string;
}

/** Which version of a package is taken, where it is not the one that the archive's order says. */
export type PackagePin = Pick<PackageByName, 'version' | 'suite'>;

/** All forms of it, for schemas. Names: Debian Policy 5.6.7; versions: 5.6.12. */
export const packageRequestForm =
  /^(?:(?<name>[a-z0-9][a-z0-9+.-]+)(?::(?<arch>[a-z0-9-]+))?(?:=(?<version>[A-Za-z0-9.+~:-]+)|\/(?<suite>[a-z0-9][a-z0-9./-]*))?|[?!~(].*|[a-z0-9][a-z0-9+.-]*[*[?][a-z0-9*?+.[\]-]*)$/u;

/** Null for what is of no such form. */
export function parsePackageRequest(text: string): PackageRequest | null {
  const match = packageRequestForm.exec(text);
  if (match === null) return null;
  const { name, arch = null, version = null, suite = null } = match.groups ?? {};
  return name === undefined ? { kind: 'pattern', text } : { kind: 'package', name, arch, version, suite };
}

/** Why only apt can find it, for a machine of that architecture; null where names and versions are enough. */
export function foundByAptOnly(asked: PackageRequest, machineArch: string): string | null {
  if (asked.kind === 'pattern') return `'${asked.text}' is a pattern of apt`;
  if (asked.arch === null || asked.arch === 'native' || asked.arch === machineArch) return null;
  return `${asked.name}:${asked.arch} is not of the machine's architecture`;
}

/** By name. Throws MSP_USAGE where two versions of one package are asked for. */
export function packagePins(asked: readonly PackageByName[]): ReadonlyMap<string, PackagePin> {
  const pins = new Map<string, PackagePin>();
  for (const { name, version, suite } of asked) {
    if (version === null && suite === null) continue;
    const other = pins.get(name);
    if (other !== undefined && (other.version !== version || other.suite !== suite))
      throw fail('MSP_USAGE', { problem: `two versions of ${name} are asked for`, hint: `name ${name} once` });
    pins.set(name, { version, suite });
  }
  return pins;
}

/** As it is written: "=7.2-1", "/bookworm". */
export function pinText({ version, suite }: PackagePin): string {
  return version === null ? `/${suite ?? ''}` : `=${version}`;
}
