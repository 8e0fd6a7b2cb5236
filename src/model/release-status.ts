/** Whether a release is still looked after, on a given day. */
import type { Release } from './release.ts';

export interface ReleaseStatus {
  readonly status: 'supported' | 'lts' | 'eol' | 'testing' | 'unstable' | 'development';
  /** As the table of images shows it: "lts to 2028-06-30". */
  readonly text: string;
}

/** @param today YYYY-MM-DD, UTC. */
export function releaseStatus(release: Release, today: string): ReleaseStatus {
  const lasts = (until: string | null): until is string => until !== null && today <= until;
  if (release.released === null) {
    if (release.version === null && release.words.includes('unstable')) return { status: 'unstable', text: 'unstable' };
    if (release.words.includes('testing')) return { status: 'testing', text: 'testing' };
    return { status: 'development', text: 'in development' };
  }
  if (today < release.released) return { status: 'development', text: `in development, due ${release.released}` };
  if (release.eol === null) return { status: 'supported', text: 'supported' };
  if (lasts(release.eol)) return { status: 'supported', text: `supported to ${release.eol}` };
  if (lasts(release.ltsUntil)) return { status: 'lts', text: `lts to ${release.ltsUntil}` };
  return { status: 'eol', text: endText(release, lasts(release.extendedUntil)) };
}

function endText(release: Release, isExtended: boolean): string {
  if (release.distro === 'debian') {
    return release.archive === 'archived' ? 'eol, archive only' : `eol ${release.ltsUntil ?? release.eol}`;
  }
  const place = release.archive === 'archived' ? ', old-releases' : '';
  return `eol ${release.eol}${place}${isExtended ? ' (esm)' : ''}`;
}
