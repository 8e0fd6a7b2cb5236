/** What this host knows of releases: the tables of its package distro-info-data. */
import { readFileSync, statSync } from 'node:fs';
import type { DistroInfoFile, ReleaseNews } from './model/release-catalogue.ts';
import { tellReleaseNews } from './model/release-news.ts';

const directory = '/usr/share/distro-info';

/** They are read when the first release is asked for. */
export function learnReleases(): void {
  tellReleaseNews(() => readReleaseNews());
}

export function readReleaseNews(place = directory, now = new Date()): ReleaseNews {
  return { today: dayOf(now), debian: read(`${place}/debian.csv`), ubuntu: read(`${place}/ubuntu.csv`) };
}

/** Null without the package: the table of ours has to do. */
function read(path: string): DistroInfoFile | null {
  try {
    // The package's files bear the day on which it was made.
    return { csv: readFileSync(path, 'utf8'), date: dayOf(statSync(path).mtime) };
  } catch {
    return null;
  }
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
