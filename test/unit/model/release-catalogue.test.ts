import { afterEach, expect, test, vi } from 'vitest';
import { parseDistroInfo } from '../../../src/model/distro-info.ts';
import { parseImageSpec } from '../../../src/model/image-spec.ts';
import { makeReleaseCatalogue, type ReleaseNews } from '../../../src/model/release-catalogue.ts';
import { tellReleaseNews } from '../../../src/model/release-news.ts';
import { tableDate } from '../../../src/model/release-table.ts';
import { aliasesOf, currentReleases, releaseOf } from '../../../src/model/releases.ts';
import { errorOf } from './error-of.ts';

const debian = [
  'version,codename,series,created,release,eol,eol-lts,eol-elts',
  '7,Wheezy,wheezy,2011-02-06,2013-05-04,2016-04-25,2018-05-31,2020-06-30',
  '12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11,2029-01-01,2033-06-30',
  '13,Trixie,trixie,2023-06-10,2025-08-09,2028-08-09,2030-06-30,2035-06-30',
  '14,Forky,forky,2025-08-09,2027-08-14,2030-08-14',
  '15,Duke,duke,2027-08-14',
  ',Sid,sid,1993-08-16',
  'a line that is broken',
].join('\n');
const ubuntu = [
  'version,codename,series,created,release,eol,eol-server,eol-esm,eol-legacy',
  '14.04 LTS,Trusty Tahr,trusty,2013-10-17,2014-04-17,2019-04-25,2019-04-25,2024-04-25,2026-04-23',
  '21.10,Impish Indri,impish,2021-04-22,2021-10-14,2022-07-14',
  '28.04 LTS,Unheard Unicorn,unheard,2027-10-14,2028-04-20,2033-05-31,2033-05-31,2038-04-20,2043-04-30',
].join('\n');
const news = (today: string, date = '2028-01-01'): ReleaseNews => ({
  today,
  debian: { csv: debian, date },
  ubuntu: { csv: ubuntu, date },
});
const wordsOn = (today: string) =>
  Object.fromEntries(
    makeReleaseCatalogue(news(today)).releases.flatMap(({ words, codename }) => words.map((word) => [word, codename])),
  );

afterEach(() => tellReleaseNews(() => null));

test('distro-info: rows, with what is missing as null', () => {
  const rows = parseDistroInfo(debian);
  expect(rows.map(({ codename }) => codename)).toEqual(['wheezy', 'bookworm', 'trixie', 'forky', 'duke', 'sid']);
  expect(rows[1]).toEqual({
    version: '12',
    codename: 'bookworm',
    created: '2021-08-14',
    released: '2023-06-10',
    eol: '2026-07-11',
    ltsUntil: '2029-01-01',
    extendedUntil: '2033-06-30',
  });
  expect(rows[4]).toMatchObject({ released: null, eol: null, ltsUntil: null });
  expect(parseDistroInfo(ubuntu)[2]).toMatchObject({ version: '28.04', extendedUntil: '2043-04-30', ltsUntil: null });
  expect(parseDistroInfo('')).toEqual([]);
});

test('dates of a newer file win, those of an older one do not', () => {
  const newer = makeReleaseCatalogue(news('2028-01-02')).byCodename;
  expect(newer.get('bookworm')?.ltsUntil).toBe('2029-01-01');
  expect(newer.get('bullseye')?.ltsUntil).toBe('2026-08-31');
  expect(newer.get('forky')).toMatchObject({ released: '2027-08-14', eol: '2030-08-14' });
  const older = makeReleaseCatalogue(news('2028-01-02', tableDate)).byCodename;
  expect(older.get('bookworm')?.ltsUntil).toBe('2028-06-30');
  expect(older.get('forky')?.released).toBeNull();
  // A codename that the table lacks is known all the same.
  expect(older.get('duke')?.image).toBe('debian-15');
});

test('a release that only the host knows', () => {
  const { releases, byCodename, tooOld } = makeReleaseCatalogue(news('2028-01-02'));
  expect(releases.map(({ codename }) => codename).slice(6, 9)).toEqual(['forky', 'duke', 'sid']);
  expect(releases.at(-1)).toMatchObject({ image: 'ubuntu-28.04', released: '2028-04-20', genericScript: 'gutsy' });
  expect(releases.at(-1)?.ports.i386.builds).toBe(false);
  // Over and never in the table: it can be named, and is where old releases are.
  expect(releases.some(({ codename }) => codename === 'impish')).toBe(false);
  expect(byCodename.get('impish')).toMatchObject({ archive: 'archived', image: 'ubuntu-21.10' });
  expect([...tooOld]).toEqual(['wheezy', 'trusty']);
});

test('names that move, by the day', () => {
  expect(wordsOn('2026-11-22')).toEqual({
    ...{ stable: 'trixie', oldstable: 'bookworm', oldoldstable: 'bullseye', testing: 'forky', unstable: 'sid' },
    ...{ lts: 'resolute', devel: 'tenacious' },
  });
  expect(wordsOn('2027-08-13')['stable']).toBe('trixie');
  expect(makeReleaseCatalogue(news('2026-11-22')).releases.some(({ codename }) => codename === 'duke')).toBe(false);
  expect(wordsOn('2027-08-14')).toMatchObject({ stable: 'forky', oldstable: 'trixie', testing: 'duke' });
  expect(wordsOn('2028-04-19')['lts']).toBe('resolute');
  expect(wordsOn('2028-04-20')).toMatchObject({ lts: 'unheard', devel: 'unheard' });
  expect(makeReleaseCatalogue(null).byCodename.get('tenacious')?.words).toEqual(['devel']);
});

test('the news are asked for once, and images are named by them', () => {
  const provide = vi.fn(() => news('2028-05-01'));
  tellReleaseNews(provide);
  expect(parseImageSpec('stable')).toMatchObject({ image: 'debian-14' });
  expect(parseImageSpec('debian-duke')).toMatchObject({ image: 'debian-15', version: '15' });
  expect(parseImageSpec('impish/amd64')).toMatchObject({ image: 'ubuntu-21.10' });
  expect(parseImageSpec('lts').codename).toBe('unheard');
  expect(errorOf(() => parseImageSpec('debian-wheezy')).code).toBe('MSP_IMAGE_UNKNOWN');
  expect(aliasesOf(releaseOf('duke'))).toContain('testing');
  expect(currentReleases().releases.length).toBeGreaterThan(22);
  expect(provide).toHaveBeenCalledTimes(1);
});
