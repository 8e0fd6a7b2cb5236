/** Look-ups in the catalogue of releases. */
import { fail } from '../errors/machinespawn-error.ts';
import type { Arch } from './arch.ts';
import { makeReleaseCatalogue, type ReleaseCatalogue, type ReleaseNews } from './release-catalogue.ts';
import { askForReleaseNews } from './release-news.ts';
import { unlistedRelease } from './release-table.ts';
import type { ArchiveUrls, Distro, Release } from './release.ts';

let made: { readonly catalogue: ReleaseCatalogue; readonly from: ReleaseNews | null } | null = null;

/** The catalogue of today, as the host knows it. */
export function currentReleases(): ReleaseCatalogue {
  const news = askForReleaseNews();
  if (made === null || made.from !== news) made = { catalogue: makeReleaseCatalogue(news), from: news };
  return made.catalogue;
}

/**
 * The release of a codename. With `distro` one that nobody knows is taken for a coming one; without, or when it belongs
 * to the other distribution, MSP_IMAGE_UNKNOWN is thrown.
 */
export function releaseOf(codename: string, distro?: Distro): Release {
  const release = currentReleases().byCodename.get(codename);
  if (release !== undefined && (distro === undefined || release.distro === distro)) return release;
  if (release !== undefined || distro === undefined) throw fail('MSP_IMAGE_UNKNOWN', { image: codename });
  return unlistedRelease(distro, codename, null);
}

/** Is nothing known of it but its name? */
export function isUnknownRelease({ codename }: Pick<Release, 'codename'>): boolean {
  return !currentReleases().byCodename.has(codename);
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
