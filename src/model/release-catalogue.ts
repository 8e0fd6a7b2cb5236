/** The table of releases, brought up to date by what the host knows, on a given day. */
import { parseDistroInfo, type DistroInfoRow } from './distro-info.ts';
import type { Distro, Release } from './release.ts';
import { releaseTable, tableDate, unlistedRelease } from './release-table.ts';

/** A table of the host's package distro-info-data. */
export interface DistroInfoFile {
  readonly csv: string;
  /** Day of its making, YYYY-MM-DD. */
  readonly date: string;
}

export interface ReleaseNews {
  /** YYYY-MM-DD, UTC. */
  readonly today: string;
  readonly debian: DistroInfoFile | null;
  readonly ubuntu: DistroInfoFile | null;
}

export interface ReleaseCatalogue {
  /** Debian first, the oldest first. What can only be named is not: what is over, or not begun, and not in the table. */
  readonly releases: readonly Release[];
  /** By codename: those releases, and what else the host knows of that is not older than the table. */
  readonly byCodename: ReadonlyMap<string, Release>;
  /** Codenames that are older than all of the table. */
  readonly tooOld: ReadonlySet<string>;
}

const distros: readonly Distro[] = ['debian', 'ubuntu'];

/** `news`: null for the table alone, on the day that it is of. */
export function makeReleaseCatalogue(news: ReleaseNews | null): ReleaseCatalogue {
  const today = news?.today ?? tableDate;
  const listed: Release[] = [];
  const unlisted: Release[] = [];
  const tooOld = new Set<string>();
  for (const distro of distros) {
    const file = news?.[distro] ?? null;
    const rows = file === null ? [] : parseDistroInfo(file.csv);
    const own = releaseTable.filter((release) => release.distro === distro);
    const isNewer = file !== null && file.date > tableDate;
    const known = own.map((release) => {
      const row = isNewer ? rows.find(({ codename }) => codename === release.codename) : undefined;
      return row === undefined ? release : { ...release, ...datesOf(row, release) };
    });
    for (const row of rows.filter(({ codename }) => !own.some((release) => release.codename === codename))) {
      if (row.version === null) continue;
      if (compareVersions(row.version, own[0]?.version ?? '0') < 0) tooOld.add(row.codename);
      else if (compareVersions(row.version, newestVersion(own)) > 0 && hasBegun(row, today))
        known.push(unlistedOf(distro, row, today));
      else unlisted.push(unlistedOf(distro, row, today));
    }
    listed.push(...withWords(distro, known.toSorted(byVersion), today));
  }
  const byCodename = new Map([...unlisted, ...listed].map((release) => [release.codename, release]));
  return { releases: listed, byCodename, tooOld };
}

/** Names are given years before there is anything to be built. */
function hasBegun({ created }: DistroInfoRow, today: string): boolean {
  return created !== null && created <= today;
}

function datesOf(row: DistroInfoRow, known: Release | null) {
  const { released, eol, ltsUntil, extendedUntil } = row;
  return {
    // Of a release in development Debian does not say when it is due.
    released: released ?? known?.released ?? null,
    eol: eol ?? known?.eol ?? null,
    ltsUntil: ltsUntil ?? known?.ltsUntil ?? null,
    extendedUntil: extendedUntil ?? known?.extendedUntil ?? null,
  };
}

function unlistedOf(distro: Distro, row: DistroInfoRow, today: string): Release {
  const release = { ...unlistedRelease(distro, row.codename, row.version), ...datesOf(row, null) };
  const end = release.ltsUntil ?? release.eol;
  return end !== null && end < today ? { ...release, archive: 'archived' } : release;
}

/** The names that move: distro-info's own rules. */
function withWords(distro: Distro, releases: readonly Release[], today: string): readonly Release[] {
  const isOut = ({ released }: Release): boolean => released !== null && released <= today;
  const out = releases.filter((release) => isOut(release) && release.version !== null);
  const coming = releases.filter((release) => !isOut(release) && release.version !== null);
  const words: readonly (readonly [string, Release | undefined])[] =
    distro === 'debian'
      ? [
          ['stable', out.at(-1)],
          ['oldstable', out.at(-2)],
          ['oldoldstable', out.at(-3)],
          ['testing', coming[0]],
          ['unstable', releases.find(({ version }) => version === null)],
        ]
      : [
          ['lts', out.findLast(isLts)],
          // Between two cycles nothing is in development.
          ['devel', coming.at(-1) ?? out.at(-1)],
        ];
  return releases.map((release) => ({
    ...release,
    words: words.filter(([, meant]) => meant === release).map(([word]) => word),
  }));
}

/** Ubuntu's of April in even years. */
function isLts({ version }: Release): boolean {
  return /^\d*[02468]\.04$/u.test(version ?? '');
}

function newestVersion(releases: readonly Release[]): string {
  return releases.findLast(({ version }) => version !== null)?.version ?? '0';
}

function byVersion(a: Release, b: Release): number {
  if (a.version === null || b.version === null) return Number(a.version === null) - Number(b.version === null);
  return compareVersions(a.version, b.version);
}

function compareVersions(a: string, b: string): number {
  return Number(a) - Number(b);
}
