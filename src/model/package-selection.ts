/** Which packages a machine begins with: what select-packages finds out, and the steps after it build from. */

export interface SelectedPackage {
  readonly name: string;
  readonly version: string;
  /** The package's own: 'all', or the machine's. */
  readonly arch: string;
  /** Priority, Section and Essential as the index has them (the archive's override, not the .deb's own words). */
  readonly priority: string;
  readonly section: string;
  readonly essential: boolean;
  /** Names of selected packages that have to be configured before this one is unpacked. */
  readonly preDepends: readonly string[];
  /** Names of selected packages that have to be configured before this one is. */
  readonly depends: readonly string[];
  /** 'same', 'foreign' or 'allowed'. */
  readonly multiArch: string | null;
  /** The .deb is at mirror/filename. */
  readonly mirror: string;
  readonly filename: string;
  readonly sizeBytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** debootstrap's order: required is configured first, then the rest. */
  readonly stage: 'required' | 'base' | 'include';
}

export interface PackageSelection {
  readonly format: 1;
  readonly distro: string;
  readonly suite: string;
  readonly arch: string;
  /** Sorted by name, each name once. */
  readonly packages: readonly SelectedPackage[];
}

/** Where a selection is kept. @param digest SHA-256 of the file, 64 hex digits */
export function selectionPath(cacheDirectory: string, digest: string): string {
  return `${cacheDirectory}/lists/selections/${digest}.json`;
}

/** Where the .deb is kept by its content. It has another name, `debPath`. */
export function debContentPath(packagesDirectory: string, { sha256 }: Pick<SelectedPackage, 'sha256'>): string {
  return `${packagesDirectory}/.sha256/${sha256}`;
}

/**
 * Another name of a .deb that is kept: the very name that debootstrap gives it in its --cache-dir, so that neither way
 * fetches what the other has. A name is no proof of content: whoever reads the file compares its SHA-256.
 * @param packagesDirectory the cache of one distribution: `directories.packages`/`selection.distro`
 */
export function debPath(
  packagesDirectory: string,
  { name, version, arch }: Pick<SelectedPackage, 'name' | 'version' | 'arch'>,
): string {
  // debootstrap escapes the first colon only.
  return `${packagesDirectory}/${name}_${version.replace(':', '%3a')}_${arch}.deb`;
}
