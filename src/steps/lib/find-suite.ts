/** Asks the archives for a suite: nothing is assumed of where it is today. */
import { fail } from '../../errors/machinespawn-error.ts';
import type { Arch } from '../../model/arch.ts';
import { snapshotArchive } from '../../model/release-table.ts';
import type { Release } from '../../model/release.ts';
import { archiveUrls } from '../../model/releases.ts';
import type { Context } from '../define-step.ts';
import { recallIndex } from './archive-memory.ts';
import { fetchIndex, type SuiteIndex } from './verify-index.ts';

export interface ArchiveWishes {
  readonly arch: Arch;
  /** '' for the release's own. */
  readonly mirror: string;
  /** As in 20261101T000000Z; '' for today's archive. */
  readonly snapshot: string;
  readonly proxy: string | null;
  /** Only what was seen before, and verified then. */
  readonly offline: boolean;
}

export interface FoundSuite {
  readonly mirror: string;
  readonly archive: 'live' | 'archived';
  readonly index: SuiteIndex;
}

/** Throws MSP_SUITE_NOT_FOUND, MSP_OFFLINE, and what `fetchIndex` throws. */
export async function findSuite(context: Context, release: Release, wishes: ArchiveWishes): Promise<FoundSuite> {
  const places = placesOf(release, wishes);
  for (const place of places) {
    const index = wishes.offline
      ? await recallIndex(context, place.mirror, release.codename)
      : await fetchIndex(context, place.mirror, release.codename, wishes.proxy);
    if (index === null) continue;
    if (place !== places[0])
      context.log.info(`${release.codename} is not on ${places[0]?.mirror}, but on ${place.mirror}`);
    return { ...place, index };
  }
  const mirror = places[0]?.mirror ?? '';
  throw wishes.offline
    ? fail('MSP_OFFLINE', { what: `the index of ${release.codename} at ${mirror}` })
    : fail('MSP_SUITE_NOT_FOUND', { suite: release.codename, mirror });
}

/** The asked mirror, else the place by the table, else the other one. */
function placesOf(
  release: Release,
  { arch, mirror, snapshot }: ArchiveWishes,
): readonly { readonly mirror: string; readonly archive: 'live' | 'archived' }[] {
  if (snapshot !== '') {
    return [{ mirror: snapshotArchive(release.distro, 'main', snapshot), archive: release.archive }];
  }
  if (mirror !== '') return [{ mirror, archive: release.archive }];
  const urls = archiveUrls(release, arch);
  const other = release.archive === 'live' ? 'archived' : 'live';
  return ([release.archive, other] as const).map((archive) => ({ mirror: urls[archive], archive }));
}
