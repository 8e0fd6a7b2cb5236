/** Reads /var/lib/dpkg/status. */

/** Version by name of each package that is installed. */
export function installedPackages(status: string): ReadonlyMap<string, string> {
  const installed = new Map<string, string>();
  for (const paragraph of status.split('\n\n')) {
    const field = (name: string): string | undefined => new RegExp(`^${name}: *(.*)$`, 'mu').exec(paragraph)?.[1];
    const name = field('Package');
    if (name !== undefined && field('Status') === 'install ok installed') installed.set(name, field('Version') ?? '');
  }
  return installed;
}

/** Version by name of each package that dpkg knows, configured or not. */
export function packageVersions(status: string): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const paragraph of status.split('\n\n')) {
    const field = (name: string): string | undefined => new RegExp(`^${name}: *(.*)$`, 'mu').exec(paragraph)?.[1];
    const name = field('Package');
    if (name !== undefined) versions.set(name, field('Version') ?? '');
  }
  return versions;
}
