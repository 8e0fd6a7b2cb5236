/** README's table of what can be built, from the table of releases. */
import type { Arch } from '../../src/model/arch.ts';
import type { Release } from '../../src/model/release.ts';
import { releases } from '../../src/model/releases.ts';
import { markdownTable } from './markdown-table.ts';

const shown = ['amd64', 'i386', 'arm64', 'armhf'] as const satisfies readonly Arch[];

/** Debian releases that are on the live archive: the ones that this version builds. */
export function releaseRows(): string {
  const rows = releases
    .filter(({ distro, archive }) => distro === 'debian' && archive === 'live')
    .map((release) => [`\`${release.image}\``, release.codename, ...shown.map((arch) => portText(release, arch))]);
  return markdownTable(['image', 'also', ...shown], rows);
}

function portText(release: Release, arch: Arch): string {
  const { builds, port } = release.ports[arch];
  if (!builds) return 'no';
  return port === 'full' ? 'yes' : 'add-on';
}
