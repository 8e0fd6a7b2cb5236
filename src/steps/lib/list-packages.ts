/** The packages of /var/lib/dpkg/status, for a manifest. */

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** "all" for those that suit any. */
  readonly arch: string;
  readonly source: string;
  readonly sourceVersion: string;
  /** As dpkg counts, which is in KiB. */
  readonly installedKiB: number;
}

/** Those that are installed, by name, then by architecture. */
export function listPackages(status: string): readonly InstalledPackage[] {
  const found = status.split('\n\n').flatMap((paragraph) => {
    const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'mu').exec(paragraph)?.[1] ?? '';
    if (!/^\w+ ok installed$/u.test(field('Status'))) return [];
    const [name, version] = [field('Package'), field('Version')];
    // "name (version)"; the version only where it differs from the package's own, the name likewise.
    const [, source, sourceVersion] = /^(\S+)(?: \((.+)\))?$/u.exec(field('Source')) ?? [];
    return [
      {
        name,
        version,
        arch: field('Architecture'),
        source: source ?? name,
        sourceVersion: sourceVersion ?? version,
        installedKiB: Number(field('Installed-Size')) || 0,
      },
    ];
  });
  const rank = ({ name, arch }: InstalledPackage): string => `${name}\0${arch}`;
  return found.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
