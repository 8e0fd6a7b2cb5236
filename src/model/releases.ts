/** Look-ups in the table of releases. */
import { fail } from '../errors/machinespawn-error.ts';
import type { Arch } from './arch.ts';
import type { ArchiveUrls, Release } from './release.ts';
import { releaseTable } from './release-table.ts';

const byCodename = new Map(releaseTable.map((release) => [release.codename, release]));

/** All of them, Debian first, the oldest first. */
export const releases: readonly Release[] = releaseTable;

/** Throws MSP_IMAGE_UNKNOWN. */
export function releaseOf(codename: string): Release {
  const release = byCodename.get(codename);
  if (release === undefined) throw fail('MSP_IMAGE_UNKNOWN', { image: codename });
  return release;
}

/** The archive that serves this architecture. */
export function archiveUrls(release: Release, arch: Arch): ArchiveUrls {
  return pick(release.urls, arch);
}

/** Null where a release has no security suite. */
export function securityUrls(release: Release, arch: Arch): ArchiveUrls | null {
  return release.security === null ? null : pick(release.security.urls, arch);
}

/** Where the release is by the table; whether it is still there has to be asked. */
export function expectedArchive(release: Release, arch: Arch): string {
  return archiveUrls(release, arch)[release.archive];
}

/** All names of a release but the canonical one: "debian-bookworm", "bookworm", "debian-oldstable", "oldstable". */
export function aliasesOf(release: Release): readonly string[] {
  const names = [release.codename, ...release.words];
  return names.flatMap((name) => [`${release.distro}-${name}`, name]).filter((name) => name !== release.image);
}

function pick<T>(urls: { readonly x86: T; readonly ports: T }, arch: Arch): T {
  return arch === 'amd64' || arch === 'i386' ? urls.x86 : urls.ports;
}
