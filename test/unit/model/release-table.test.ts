import { expect, test } from 'vitest';
import { keyId } from '../../../src/model/archive-keys.ts';
import { parseGpgvStatus } from '../../../src/model/gpgv-status.ts';
import { parseReleaseFile } from '../../../src/model/release-file.ts';
import {
  archiveUrls,
  currentReleases,
  expectedArchive,
  isUnknownRelease,
  releaseOf,
  securityUrls,
} from '../../../src/model/releases.ts';
import { errorOf } from './error-of.ts';
import { fixture } from './fixture.ts';

test('the table is whole', () => {
  expect(currentReleases().releases.map((release) => release.image)).toMatchInlineSnapshot(`
    [
      "debian-8",
      "debian-9",
      "debian-10",
      "debian-11",
      "debian-12",
      "debian-13",
      "debian-14",
      "debian-sid",
      "ubuntu-16.04",
      "ubuntu-18.04",
      "ubuntu-20.04",
      "ubuntu-22.04",
      "ubuntu-22.10",
      "ubuntu-23.04",
      "ubuntu-23.10",
      "ubuntu-24.04",
      "ubuntu-24.10",
      "ubuntu-25.04",
      "ubuntu-25.10",
      "ubuntu-26.04",
      "ubuntu-26.10",
      "ubuntu-27.04",
    ]
  `);
  for (const release of currentReleases().releases) {
    expect(release.signingKeys.main.length).toBeGreaterThan(0);
    if (release.security !== null) expect(release.signingKeys.security.length).toBeGreaterThan(0);
    for (const key of [...release.signingKeys.main, ...release.signingKeys.security]) {
      expect(key.fingerprint).toMatch(/^[0-9A-F]{40}$/u);
      expect(keyId(key.fingerprint)).toHaveLength(16);
    }
    if (release.eol !== null && release.released !== null) expect(release.eol > release.released).toBe(true);
    for (const support of Object.values(release.ports)) expect(support.builds || support.reason !== null).toBe(true);
    expect(release.components.all).toEqual(expect.arrayContaining([...release.components.default]));
  }
});

test.each(['bullseye', 'bookworm', 'trixie', 'forky', 'sid'])('%s is as its real index says', (codename) => {
  const release = releaseOf(codename);
  const file = parseReleaseFile(fixture(`archives/${codename}.InRelease`), 'x');
  expect(file.codename).toBe(codename);
  expect([...file.components].sort()).toEqual([...release.components.all].sort());
  expect(file.validUntil !== null).toBe(release.validUntil.main);
  for (const [arch, support] of Object.entries(release.ports)) {
    expect(file.architectures.includes(arch), arch).toBe(support.builds);
  }
});

test.each(['bullseye', 'bookworm'])('the security suite of %s is as its real index says', (codename) => {
  const release = releaseOf(codename);
  const file = parseReleaseFile(fixture(`archives/${codename}-security.InRelease`), 'x');
  expect(file.codename).toBe(release.security?.suite);
  expect([...file.components].sort()).toEqual([...release.components.all].sort());
  expect(file.validUntil !== null).toBe(release.validUntil.security);
});

test('the keys of bookworm are the ones that signed its real index', () => {
  const { validSignatures } = parseGpgvStatus(fixture('archives/gpgv-good.status'));
  const known = releaseOf('bookworm').signingKeys.main.map((key) => key.fingerprint);
  expect(validSignatures.map((signature) => signature.primary).sort()).toEqual([...known].sort());
});

test('suites of updates and security', () => {
  expect(releaseOf('sid')).toMatchObject({ updatesSuite: null, security: null });
  expect(releaseOf('buster').security?.suite).toBe('buster/updates');
  expect(releaseOf('bullseye').security?.suite).toBe('bullseye-security');
  expect(releaseOf('jammy')).toMatchObject({ updatesSuite: 'jammy-updates', security: { suite: 'jammy-security' } });
});

test('archives by architecture', () => {
  expect(new URL(archiveUrls(releaseOf('jammy'), 'i386').live).hostname).toMatch(/^archive\./u);
  expect(new URL(archiveUrls(releaseOf('jammy'), 'arm64').live).hostname).toMatch(/^ports\./u);
  expect(new URL(expectedArchive(releaseOf('kinetic'), 'arm64')).hostname).toMatch(/^old-releases\./u);
  expect(new URL(expectedArchive(releaseOf('jessie'), 'amd64')).hostname).toMatch(/^archive\.debian/u);
  expect(securityUrls(releaseOf('sid'), 'amd64')).toBeNull();
  expect(new URL(securityUrls(releaseOf('jammy'), 'amd64')?.live ?? '').hostname).toMatch(/^security\./u);
});

test('an unknown codename', () => {
  expect(errorOf(() => releaseOf('duke')).code).toBe('MSP_IMAGE_UNKNOWN');
  expect(errorOf(() => releaseOf('jammy', 'debian')).code).toBe('MSP_IMAGE_UNKNOWN');
  expect(isUnknownRelease({ codename: 'duke' })).toBe(true);
  expect(isUnknownRelease({ codename: 'sid' })).toBe(false);
  expect(releaseOf('duke', 'debian')).toMatchObject({
    image: 'debian-duke',
    archive: 'live',
    genericScript: 'sid',
    sourcesFormat: 'deb822',
    security: { suite: 'duke-security' },
    updatesSuite: 'duke-updates',
    backportsSuite: 'duke-backports',
  });
  expect(releaseOf('unheard', 'ubuntu')).toMatchObject({
    image: 'ubuntu-unheard',
    genericScript: 'gutsy',
    signingKeys: { main: releaseOf('resolute').signingKeys.main },
  });
});
