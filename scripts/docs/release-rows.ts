/** README's table of what can be built, from the table of releases. */
import type { Arch } from '../../src/model/arch.ts';
import type { Release } from '../../src/model/release.ts';
import { currentReleases } from '../../src/model/releases.ts';
import { markdownTable } from './markdown-table.ts';

const shown = ['amd64', 'i386', 'arm64', 'armhf'] as const satisfies readonly Arch[];

/** All of the table; what the host knows beside it is no part of the documentation. */
export function releaseRows(): string {
  const rows = currentReleases().releases.map((release) => [
    `\`${release.image}\``,
    release.codename,
    ...shown.map((arch) => portText(release, arch)),
  ]);
  return markdownTable(['image', 'also', ...shown], rows);
}

function portText(release: Release, arch: Arch): string {
  const { builds, port } = release.ports[arch];
  if (!builds) return 'no';
  return port === 'full' ? 'yes' : 'add-on';
}
