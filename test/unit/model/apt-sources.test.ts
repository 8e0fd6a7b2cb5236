import { expect, test } from 'vitest';
import { aptSources } from '../../../src/model/apt-sources.ts';
import { currentReleases, releaseOf } from '../../../src/model/releases.ts';

const live = { arch: 'amd64', archive: 'live', components: ['main'] } as const;

test('bookworm: deb822, three suites', () => {
  expect(aptSources(releaseOf('bookworm'), live)).toMatchInlineSnapshot(`
    {
      "files": [
        {
          "path": "/etc/apt/sources.list.d/debian.sources",
          "text": "# Written by machinespawn. See sources.list(5).
    Types: deb
    URIs: http://deb.debian.org/debian
    Suites: bookworm bookworm-updates
    Components: main
    Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

    Types: deb
    URIs: http://deb.debian.org/debian-security
    Suites: bookworm-security
    Components: main
    Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
    ",
        },
      ],
      "remove": [
        "/etc/apt/sources.list",
      ],
    }
  `);
});

test('trixie names its keyring as its own package does', () => {
  expect(aptSources(releaseOf('trixie'), live).files[0]?.text).toContain('debian-archive-keyring.pgp');
});

test('bullseye: one line each', () => {
  const sources = aptSources(releaseOf('bullseye'), { ...live, components: ['main', 'contrib'] });
  expect(sources).toMatchInlineSnapshot(`
    {
      "files": [
        {
          "path": "/etc/apt/sources.list",
          "text": "# Written by machinespawn. See sources.list(5).
    deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bullseye main contrib
    deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bullseye-updates main contrib
    deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian-security bullseye-security main contrib
    ",
        },
      ],
      "remove": [],
    }
  `);
});

test('sid: no updates, no security', () => {
  const text = aptSources(releaseOf('sid'), live).files[0]?.text ?? '';
  expect(text.match(/^Suites: .*$/gmu)).toEqual(['Suites: sid']);
});

test('an archived release: nobody signs its index anew', () => {
  const archived = { ...live, archive: 'archived' } as const;
  expect(aptSources(releaseOf('buster'), archived).files[0]?.text).toMatch(
    /^deb \[signed-by=\S+ check-valid-until=no\] /mu,
  );
  expect(aptSources(releaseOf('jessie'), archived).files[0]?.text).toMatch(/^deb http\S+ jessie main$/mu);
  expect(aptSources(releaseOf('lunar'), archived).files[0]?.text).toContain('lunar-security');
});

test('an apt from before 1.5 is told in its configuration', () => {
  for (const codename of ['jessie', 'stretch']) {
    const { files } = aptSources(releaseOf(codename), { ...live, archive: 'archived' });
    expect(files[1]?.path).toBe('/etc/apt/apt.conf.d/90machinespawn-old-archive');
    expect(files[1]?.text).toContain('Acquire::Check-Valid-Until "false";');
  }
});

test('an archive whose key has expired is trusted only when that is asked for', () => {
  const archived = { ...live, archive: 'archived' } as const;
  expect(aptSources(releaseOf('stretch'), archived).files[0]?.text).not.toContain('trusted');
  expect(aptSources(releaseOf('stretch'), { ...archived, trusted: true }).files[0]?.text).toMatch(
    /^deb \[signed-by=\S+ trusted=yes\] /mu,
  );
  expect(aptSources(releaseOf('jessie'), { ...archived, trusted: true }).files[0]?.text).toMatch(
    /^deb \[trusted=yes\] /mu,
  );
  expect(aptSources(releaseOf('bookworm'), { ...archived, trusted: true }).files[0]?.text).toContain('Trusted: yes\n');
});

test('a snapshot, and backports', () => {
  const text = aptSources(releaseOf('bookworm'), { ...live, frozen: true, backports: true }).files[0]?.text ?? '';
  expect(text.match(/^Check-Valid-Until: no$/gmu)).toHaveLength(2);
  expect(text).toContain('Suites: bookworm bookworm-updates bookworm-backports\n');
  expect(aptSources(releaseOf('sid'), { ...live, backports: true }).files[0]?.text).not.toContain('backports');
});

test("mirrors and keyring of one's own", () => {
  const options = {
    ...live,
    mirror: 'http://mirror.example/debian',
    securityMirror: 'http://mirror.example/sec',
    guestKeyring: '/etc/apt/keyrings/own.gpg',
  };
  const text = aptSources(releaseOf('bookworm'), options).files[0]?.text ?? '';
  expect(text.match(/^URIs: .*$/gmu)).toEqual([
    'URIs: http://mirror.example/debian',
    'URIs: http://mirror.example/sec',
  ]);
  expect(text.match(/^Signed-By: .*$/gmu)).toEqual(Array(2).fill('Signed-By: /etc/apt/keyrings/own.gpg'));
  expect(aptSources(releaseOf('bookworm'), { ...options, securityMirror: null }).files[0]?.text).not.toContain(
    'security',
  );
});

test('Ubuntu on arm64 reads the ports', () => {
  const text = aptSources(releaseOf('noble'), { ...live, arch: 'arm64' }).files[0];
  expect(text?.path).toBe('/etc/apt/sources.list.d/ubuntu.sources');
  expect(text?.text.match(/^URIs: .*$/gmu)).toEqual(Array(2).fill('URIs: http://ports.ubuntu.com/ubuntu-ports'));
});

test('every release has sources in its own form', () => {
  for (const release of currentReleases().releases) {
    const { files, remove } = aptSources(release, live);
    expect(files).toHaveLength(1);
    expect(remove.length === 1).toBe(release.sourcesFormat === 'deb822');
    expect(files[0]?.text).toContain(release.codename);
  }
});
