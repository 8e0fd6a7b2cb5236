import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseReleaseFile } from '../../../src/model/release-file.ts';
import { judgeFreshness } from '../../../src/model/release-freshness.ts';
import { errorOf } from './error-of.ts';
import { fixture } from './fixture.ts';

const url = 'http://mirror.example/debian/dists/bookworm/InRelease';
const bookworm = fixture('archives/bookworm.InRelease');

test('a real InRelease', () => {
  const file = parseReleaseFile(bookworm, url);
  expect(file).toMatchObject({
    origin: 'Debian',
    suite: 'oldstable',
    codename: 'bookworm',
    version: '12.15',
    date: '2026-07-11T10:16:37.000Z',
    validUntil: null,
    components: ['main', 'contrib', 'non-free-firmware', 'non-free'],
    acquireByHash: true,
  });
  expect(file.files.get('main/binary-amd64/Packages.xz')?.sha256).toMatch(/^[0-9a-f]{64}$/u);
  expect(file.files.get('main/binary-amd64/Packages')?.sizeBytes).toBeGreaterThan(40_000_000);
});

test('the same without armour, as Release has it, and with CRLF', () => {
  const plain = bookworm.split('\n').slice(3, bookworm.split('\n').indexOf('-----BEGIN PGP SIGNATURE-----')).join('\n');
  expect(parseReleaseFile(plain, url)).toEqual(parseReleaseFile(bookworm, url));
  expect(parseReleaseFile(bookworm.replaceAll('\n', '\r\n'), url)).toEqual(parseReleaseFile(bookworm, url));
});

test.each([
  ['', 500],
  ['NotAutomatic: yes\n', 1],
  ['NotAutomatic: yes\nButAutomaticUpgrades: yes\n', 100],
])('the priority of a suite that says %j is %d, as for apt', (more, priority) => {
  const plain = bookworm.split('\n').slice(3, bookworm.split('\n').indexOf('-----BEGIN PGP SIGNATURE-----')).join('\n');
  expect(parseReleaseFile(more + plain, url).priority).toBe(priority);
});

test('dates of a suite that expires', () => {
  expect(parseReleaseFile(fixture('archives/forky.InRelease'), url)).toMatchObject({
    date: '2026-10-30T08:08:01.000Z',
    validUntil: '2026-11-06T08:08:01.000Z',
  });
});

test.each([
  ['nothing', ''],
  ['a web page', '<html><body>Log in to the hotel network</body></html>'],
  ['text before the signed block', `Codename: evil\n${bookworm}`],
  ['text after the signed block', `${bookworm}\nSHA256:\n ${'0'.repeat(64)} 1 main/x\n`],
  [
    'an end of the block that only gpgv takes for one',
    bookworm.replace(
      '\n-----BEGIN PGP SIGNATURE-----',
      '\n-----BEGIN PGP SIGNATURE----- \nX: y\n-----BEGIN PGP SIGNATURE-----',
    ),
  ],
  ['a block cut off', bookworm.slice(0, 900)],
  ['a second block', bookworm + bookworm],
  ['no date', bookworm.replace(/^Date:.*\n/mu, '')],
  ['a date in another zone', bookworm.replace('10:16:37 UTC', '10:16:37 CEST')],
  ['a Valid-Until that is no date', bookworm.replace(/^Date:/mu, 'Valid-Until: soon\nDate:')],
  ['no digests', bookworm.replace(/^SHA256:/mu, 'SHA257:')],
  ['a damaged digest', bookworm.replace(/^(SHA256:\n) [0-9a-f]/mu, '$1 x')],
])('%s is refused', (_what, text) => {
  expect(text).not.toBe(bookworm);
  expect(errorOf(() => parseReleaseFile(text, url))).toMatchObject({ code: 'MSP_RELEASE_INVALID', data: { url } });
});

test('any text is read or refused, and a cut one is never taken for whole', () => {
  fc.assert(
    fc.property(fc.nat(bookworm.trimEnd().length - 1), (length) => {
      expect(errorOf(() => parseReleaseFile(bookworm.slice(0, length), url)).code).toBe('MSP_RELEASE_INVALID');
    }),
    { numRuns: 200 },
  );
});

test('freshness', () => {
  const file = { date: '2026-10-30T08:08:01.000Z', validUntil: '2026-11-06T08:08:01.000Z' };
  const at = (time: string) => judgeFreshness(file, Date.parse(time));
  expect(at('2026-11-01T00:00:00Z')).toEqual({ state: 'fresh' });
  expect(at('2026-10-30T08:00:00Z')).toEqual({ state: 'fresh' });
  expect(at('2026-10-29T00:00:00Z')).toEqual({ state: 'clock-behind', releaseDate: file.date });
  expect(at('2026-11-22T00:00:00Z')).toEqual({ state: 'expired', validUntil: file.validUntil });
  expect(judgeFreshness({ ...file, validUntil: null }, Date.parse('2030-01-01'))).toEqual({ state: 'fresh' });
});
