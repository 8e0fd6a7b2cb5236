import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readReleaseNews } from '../../../src/app-release-news.ts';
import { scratchDirectory } from '../host/scratch.ts';

const place = `${scratchDirectory()}/distro-info`;

test("the host's tables, each with the day of its package; null without them", () => {
  const now = new Date('2026-11-22T23:59:00Z');
  expect(readReleaseNews(place, now)).toEqual({ today: '2026-11-22', debian: null, ubuntu: null });
  mkdirSync(place);
  writeFileSync(`${place}/debian.csv`, 'version,series\n');
  const made = new Date('2026-10-12T08:00:00Z');
  utimesSync(`${place}/debian.csv`, made, made);
  expect(readReleaseNews(place, now)).toEqual({
    today: '2026-11-22',
    debian: { csv: 'version,series\n', date: '2026-10-12' },
    ubuntu: null,
  });
});
