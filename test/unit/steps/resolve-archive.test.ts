import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keyringFingerprints } from '../../../src/steps/lib/keyring-fingerprints.ts';
import { resolveArchive } from '../../../src/steps/resolve-archive.ts';
import { exits, fakeHost, testStep, unreachable, type Answer, type World } from '../../../src/testing.ts';
import {
  archive,
  goodSignature,
  gpgv,
  inRelease,
  keyring,
  mirror,
  releaseText,
  sha256,
  signer,
} from './archive-fixture.ts';

const at = (suite: string, file = 'InRelease', where = mirror): string => `${where}/dists/${suite}/${file}`;
const security = 'http://deb.debian.org/debian-security';
const net: Record<string, Answer> = {
  [at('bookworm')]: inRelease(),
  [at('bookworm-updates')]: 'x',
  [at('bookworm-security', 'InRelease', security)]: 'x',
};
const programs = { gpgv: gpgv(...goodSignature) };
const host = fakeHost({ programs, net });
const input = { image: 'debian-12', arch: 'amd64' } as const;
/** One that is in no form that can be read, so its content counts for nothing but its digest. */
const prepare = (world: World): void => world.put({ [keyring]: 'keys' });
const sid = { image: 'sid', arch: 'amd64' } as const;
const sidHost = (options: Parameters<typeof inRelease>[0]) =>
  fakeHost({ programs, net: { [at('sid')]: inRelease({ codename: 'sid', ...options }) } });
const own = 'http://mirror.example/debian';
const oldMirror = 'http://archive.debian.org/debian';
const removedKeys = '/usr/share/keyrings/debian-archive-removed-keys.gpg';
const snapshotMirror = 'http://snapshot.debian.org/archive/debian/20261101T000000Z';
const snapshotSecurity = 'http://snapshot.debian.org/archive/debian-security/20261101T000000Z';
const expiredSignature = [
  'NEWSIG',
  'EXPKEYSIG F8D2585B8783D481 Debian',
  `VALIDSIG ${signer} 2026-07-11 1 0 4 0 22 8 01 ${signer}`,
];
const noteOf = (kind: string, where: string, suite: string): string =>
  `/var/cache/machinespawn/archives/${sha256(`${where} ${suite}`).slice(0, 32)}.${kind}.json`;
const noteAt = noteOf('index', mirror, 'bookworm');
/** As the step wrote it on an earlier day. */
const remember = (world: World, differs: Readonly<Record<string, string>>): void =>
  world.put({
    [noteAt]: JSON.stringify({
      mirror,
      suite: 'bookworm',
      date: archive.date,
      digest: archive.inReleaseDigest,
      seenAt: '2026-08-01T00:00:00Z',
      url: at('bookworm'),
      text: inRelease(),
      signature: null,
      ...differs,
    }),
  });
const rememberSuites = (world: World, seenAt = '2026-08-01T00:00:00Z'): void =>
  world.put(
    Object.fromEntries(
      archive.suites.map(({ mirror: where, suite, role }) => [
        noteOf('presence', where, suite),
        JSON.stringify({ mirror: where, suite, exists: role === 'updates', seenAt }),
      ]),
    ),
  );
const packet = (body: Buffer): Buffer => Buffer.concat([Buffer.from([0x98, body.length]), body]);

testStep(
  resolveArchive,
  {
    accepts: [
      {
        name: 'a release',
        input,
        prepare,
        host,
        output: archive,
        after: (world) =>
          expect(world.commands.map(({ args }) => args)).toEqual([
            [
              '--status-fd',
              '3',
              '--ignore-time-conflict',
              '--keyring',
              keyring,
              '/var/lib/machinespawn/scratch/InRelease',
            ],
          ]),
      },
      {
        name: 'components that were asked for',
        input: { ...input, components: ['main', 'contrib', 'main'] },
        prepare,
        host,
        output: { ...archive, components: ['main', 'contrib'] },
      },
      {
        name: 'suites that were there within a day, which are not asked for again',
        input,
        prepare: (world) => {
          prepare(world);
          rememberSuites(world, '2026-11-22T00:00:00Z');
        },
        host: fakeHost({
          programs,
          net: { ...net, [at('bookworm-updates')]: unreachable },
        }),
        output: archive,
      },
      {
        name: 'an archive without security updates',
        input,
        prepare,
        host: fakeHost({ programs, net: { [at('bookworm')]: inRelease(), [at('bookworm-updates', 'Release')]: 'x' } }),
        output: { ...archive, suites: archive.suites.map((suite) => ({ ...suite, exists: suite.role === 'updates' })) },
        after: (world) => expect(world.logged).toEqual([expect.stringMatching(/^warn .* has no bookworm-security/u)]),
      },
      {
        name: 'a mirror that was asked for, and nothing else to reach',
        input: { ...input, mirror: `${own}/` },
        prepare,
        host: fakeHost({
          programs,
          net: {
            [at('bookworm', 'InRelease', own)]: inRelease(),
            [at('bookworm-security', 'InRelease', security)]: unreachable,
          },
        }),
        output: {
          ...archive,
          mirror: own,
          suites: [
            { role: 'updates', suite: 'bookworm-updates', mirror: own, exists: false },
            { role: 'security', suite: 'bookworm-security', mirror: security, exists: true },
          ],
        },
      },
      {
        name: 'an archive and a key of their own',
        input: { ...input, mirror: own, keyring: '/etc/own.gpg' },
        prepare: (world) => world.put({ '/etc/own.gpg': 'own' }),
        host: fakeHost({ programs, net: { [at('bookworm', 'InRelease', own)]: inRelease() } }),
        output: {
          ...archive,
          mirror: own,
          keyring: '/etc/own.gpg',
          keyringDigest: sha256('own'),
          ownKeyring: true,
          suites: [{ role: 'updates', suite: 'bookworm-updates', mirror: own, exists: false }],
        },
      },
      {
        name: 'a signature in a file of its own',
        input,
        prepare,
        host: fakeHost({
          programs,
          net: {
            ...net,
            [at('bookworm')]: 404,
            [at('bookworm', 'Release')]: releaseText(),
            [at('bookworm', 'Release.gpg')]: 'sig',
          },
        }),
        output: { ...archive, inReleaseDigest: sha256(releaseText()) },
      },
      {
        name: 'a mirror that fell asleep two weeks ago',
        input: sid,
        prepare,
        host: sidHost({ date: 'Sat, 31 Oct 2026 08:00:00 UTC', validUntil: 'Sat, 07 Nov 2026 08:00:00 UTC' }),
        output: {
          ...archive,
          image: 'debian-sid',
          codename: 'sid',
          date: '2026-10-31T08:00:00.000Z',
          inReleaseDigest: sha256(
            inRelease({
              codename: 'sid',
              date: 'Sat, 31 Oct 2026 08:00:00 UTC',
              validUntil: 'Sat, 07 Nov 2026 08:00:00 UTC',
            }),
          ),
          suites: [],
        },
        after: (world) =>
          expect(world.logged).toEqual([expect.stringMatching(/^warn the index of sid was valid until 2026-11-07/u)]),
      },
      {
        name: 'a frozen mirror, taken as it is',
        input: { ...sid, checkValidUntil: 'no' },
        prepare,
        host: sidHost({ date: 'Sat, 01 Aug 2026 08:00:00 UTC', validUntil: 'Sat, 08 Aug 2026 08:00:00 UTC' }),
        output: {
          ...archive,
          image: 'debian-sid',
          codename: 'sid',
          checkValidUntil: false,
          date: '2026-08-01T08:00:00.000Z',
          inReleaseDigest: sha256(
            inRelease({
              codename: 'sid',
              date: 'Sat, 01 Aug 2026 08:00:00 UTC',
              validUntil: 'Sat, 08 Aug 2026 08:00:00 UTC',
            }),
          ),
          suites: [],
        },
        after: (world) => expect(world.logged).toEqual([]),
      },
      {
        name: 'an index that was seen before, in the same state',
        input,
        prepare: (world) => {
          prepare(world);
          remember(world, {});
        },
        host,
        output: archive,
        after: (world) =>
          expect(JSON.parse(world.read(noteAt) ?? '')).toMatchObject({ seenAt: '2026-08-01T00:00:00Z' }),
      },
      {
        name: 'a newer index than the one that was seen last: it is remembered, with the day',
        input,
        prepare: (world) => {
          prepare(world);
          remember(world, { date: '2026-07-01T00:00:00Z', digest: 'old' });
        },
        host,
        output: archive,
        after: (world) =>
          expect(JSON.parse(world.read(noteAt) ?? '')).toMatchObject({
            date: archive.date,
            digest: archive.inReleaseDigest,
            seenAt: '2026-11-22T12:00:00.000Z',
          }),
      },
      {
        name: 'a note that is torn',
        input,
        prepare: (world) => world.put({ [keyring]: 'keys', [noteAt]: '{"mirror' }),
        host,
        output: archive,
      },
      {
        name: 'offline, as it was seen last',
        input: { ...input, offline: true },
        prepare: (world) => {
          prepare(world);
          remember(world, {});
          rememberSuites(world);
        },
        host: fakeHost({ programs, net: { [at('bookworm')]: unreachable } }),
        output: {
          ...archive,
          suites: archive.suites.map((suite) => ({ ...suite, exists: suite.role === 'updates' })),
        },
        after: (world) => expect(world.commands.map(({ file }) => file)).toEqual(['gpgv']),
      },
      {
        name: 'a snapshot',
        input: { ...input, snapshot: '2026-11-01' },
        prepare,
        host: fakeHost({
          programs,
          net: {
            [at('bookworm', 'InRelease', snapshotMirror)]: inRelease(),
            [at('bookworm-updates', 'InRelease', snapshotMirror)]: 'x',
            [at('bookworm-security', 'InRelease', snapshotSecurity)]: 'x',
          },
        }),
        output: {
          ...archive,
          mirror: snapshotMirror,
          snapshot: '20261101T000000Z',
          checkValidUntil: false,
          suites: archive.suites.map((suite) => ({
            ...suite,
            mirror: suite.role === 'security' ? snapshotSecurity : snapshotMirror,
          })),
        },
      },
      {
        name: 'suites that were asked for',
        input: { ...input, suites: ['backports'] },
        prepare,
        host: fakeHost({ programs, net: { ...net, [at('bookworm-backports', 'Release')]: 'x' } }),
        output: {
          ...archive,
          suites: [{ role: 'backports', suite: 'bookworm-backports', mirror, exists: true }],
        },
      },
      {
        name: 'no suites at all',
        input: { ...input, suites: ['none'] },
        prepare,
        host,
        output: { ...archive, suites: [] },
      },
      {
        name: 'a release that nobody knows, said aloud',
        input: { image: 'debian-duke', arch: 'amd64', suites: ['none'] },
        prepare,
        host: fakeHost({ programs, net: { [at('duke')]: inRelease({ codename: 'duke' }) } }),
        output: {
          ...archive,
          image: 'debian-duke',
          codename: 'duke',
          inReleaseDigest: sha256(inRelease({ codename: 'duke' })),
          suites: [],
        },
        after: (world) =>
          expect(world.logged).toEqual([expect.stringMatching(/^warn nothing is known of debian-duke/u)]),
      },
      {
        name: 'a release that has moved since the table was written',
        input: { image: 'bullseye', arch: 'amd64', suites: ['none'] },
        prepare,
        host: fakeHost({
          programs,
          net: { [at('bullseye', 'InRelease', oldMirror)]: inRelease({ codename: 'bullseye' }) },
        }),
        output: {
          ...archive,
          image: 'debian-11',
          codename: 'bullseye',
          mirror: oldMirror,
          archive: 'archived',
          inReleaseDigest: sha256(inRelease({ codename: 'bullseye' })),
          suites: [],
        },
        after: (world) => expect(world.logged).toEqual([`info bullseye is not on ${mirror}, but on ${oldMirror}`]),
      },
      ...(['trusted', 'refuse'] as const).map((eolApt) => ({
        name: `an expired key of an archived release, ${eolApt}`,
        input: { image: 'stretch', arch: 'amd64' as const, suites: ['none' as const], eolApt },
        prepare: (world: World) => world.put({ [removedKeys]: 'keys' }),
        host: {
          net: { [at('stretch', 'InRelease', oldMirror)]: inRelease({ codename: 'stretch' }) },
          programs: { gpgv: gpgv(...expiredSignature) },
        },
        output: {
          ...archive,
          image: 'debian-9',
          codename: 'stretch',
          mirror: oldMirror,
          archive: 'archived' as const,
          keyring: removedKeys,
          trusted: eolApt === 'trusted',
          inReleaseDigest: sha256(inRelease({ codename: 'stretch' })),
          suites: [],
        },
        after: (world: World) =>
          expect(world.logged).toEqual([
            expect.stringMatching(
              eolApt === 'trusted'
                ? /has expired.*sources say 'trusted'/u
                : /has expired.*apt in the machine will refuse/u,
            ),
          ]),
      })),
    ],
    refuses: [
      { name: 'a snapshot of no day', input: { ...input, snapshot: '2026-02-30' }, at: 'snapshot' },
      { name: 'a suite that there is not', input: { ...input, suites: ['proposed'] }, at: 'suites.0' },
      {
        name: 'a mirror with a password',
        input: { ...input, mirror: 'http://u:p@mirror.example/debian' },
        at: 'mirror',
      },
      { name: 'an image that there is not', input: { ...input, image: 'debian-99' }, at: 'image' },
    ],
    fails: [
      { name: 'no keyring on the host', input, host, code: 'MSP_KEYRING_MISSING' },
      {
        name: 'no keyring where it was said to be',
        input: { ...input, keyring: '/etc/own.gpg' },
        prepare,
        host,
        code: 'MSP_KEYRING_MISSING',
      },
      {
        name: 'a keyring with other keys, before anything is fetched',
        input,
        prepare: (world) => world.put({ [keyring]: packet(Buffer.from([4, 1, 2, 3])) }),
        host: fakeHost({ programs, net: { [at('bookworm')]: unreachable } }),
        code: 'MSP_KEY_MISSING',
      },
      {
        name: 'a keyring of their own with other keys, for the public archive',
        input: { ...input, keyring: '/etc/own.gpg' },
        prepare: (world) => world.put({ '/etc/own.gpg': packet(Buffer.from([4, 1, 2, 3])) }),
        host: fakeHost({ programs, net: { [at('bookworm')]: unreachable } }),
        code: 'MSP_KEY_MISSING',
      },
      {
        name: 'no network',
        input,
        prepare,
        host: fakeHost({ programs, net: { [at('bookworm')]: unreachable } }),
        code: 'MSP_NETWORK',
      },
      {
        name: 'a mirror in trouble',
        input,
        prepare,
        host: fakeHost({ programs, net: { [at('bookworm')]: 503 } }),
        code: 'MSP_HTTP_STATUS',
      },
      { name: 'no such suite', input: { ...input, mirror: own }, prepare, host, code: 'MSP_SUITE_NOT_FOUND' },
      {
        name: 'an index without a signature',
        input,
        prepare,
        host: fakeHost({ programs, net: { [at('bookworm', 'Release')]: releaseText() } }),
        code: 'MSP_ARCHIVE_UNSIGNED',
      },
      {
        name: 'an altered index',
        input,
        prepare,
        host: { net, programs: { gpgv: gpgv('NEWSIG', 'BADSIG F8D2585B8783D481 Debian') } },
        code: 'MSP_SIGNATURE_BAD',
      },
      {
        name: 'an unknown key',
        input,
        prepare,
        host: { net, programs: { gpgv: gpgv('NEWSIG', 'NO_PUBKEY F8D2585B8783D481') } },
        code: 'MSP_SIGNATURE_UNKNOWN',
      },
      {
        name: 'an expired key of a living release',
        input,
        prepare,
        host: {
          net,
          programs: {
            gpgv: gpgv(
              'NEWSIG',
              'EXPKEYSIG F8D2585B8783D481 Debian',
              `VALIDSIG ${signer} 2026-07-11 1 0 4 0 22 8 01 ${signer}`,
            ),
          },
        },
        code: 'MSP_KEY_EXPIRED',
      },
      {
        name: 'gpgv that says nothing',
        input,
        prepare,
        host: { net, programs: { gpgv: exits(2, 'gpgv: fatal') } },
        code: 'MSP_SIGNATURE_BAD',
      },
      {
        name: 'the index of another suite',
        input,
        prepare,
        host: fakeHost({ programs, net: { ...net, [at('bookworm')]: inRelease({ codename: 'trixie' }) } }),
        code: 'MSP_RELEASE_INVALID',
      },
      {
        name: 'a web page',
        input,
        prepare,
        host: fakeHost({ programs, net: { ...net, [at('bookworm')]: '<html>' } }),
        code: 'MSP_ARCHIVE_HTML',
      },
      { name: 'no such architecture', input: { ...input, arch: 'riscv64' }, prepare, host, code: 'MSP_ARCHIVE_LACKS' },
      {
        name: 'no such component',
        input: { ...input, components: ['main', 'restricted'] },
        prepare,
        host,
        code: 'MSP_ARCHIVE_LACKS',
      },
      {
        name: 'an index of tomorrow',
        input,
        prepare,
        host: { ...host, now: '2026-07-10T10:00:00Z' },
        code: 'MSP_CLOCK_WRONG',
      },
      {
        name: 'a clock that is ahead, by what the server says',
        input: sid,
        prepare,
        host: {
          ...sidHost({ date: 'Sat, 01 Aug 2026 08:00:00 UTC', validUntil: 'Sat, 08 Aug 2026 08:00:00 UTC' }),
          serverTime: '2026-08-02T00:00:00Z',
        },
        code: 'MSP_CLOCK_WRONG',
      },
      {
        name: 'a mirror that fell asleep long ago, by a server whose clock is right',
        input: sid,
        prepare,
        host: {
          ...sidHost({ date: 'Sat, 01 Aug 2026 08:00:00 UTC', validUntil: 'Sat, 08 Aug 2026 08:00:00 UTC' }),
          serverTime: '2026-11-22T11:59:00Z',
        },
        code: 'MSP_ARCHIVE_STALE',
      },
      {
        name: 'a mirror that fell asleep long ago',
        input: sid,
        prepare,
        host: sidHost({ date: 'Sat, 01 Aug 2026 08:00:00 UTC', validUntil: 'Sat, 08 Aug 2026 08:00:00 UTC' }),
        code: 'MSP_ARCHIVE_STALE',
      },
      {
        name: 'neither an index nor a page',
        input,
        prepare,
        host: fakeHost({ programs, net: { ...net, [at('bookworm')]: 'busy' } }),
        code: 'MSP_RELEASE_INVALID',
      },
      {
        name: 'an InRelease without a signature',
        input,
        prepare,
        host: fakeHost({ programs, net: { ...net, [at('bookworm')]: releaseText() } }),
        code: 'MSP_ARCHIVE_UNSIGNED',
      },
      {
        name: 'an older index than the one that was seen last',
        input,
        prepare: (world) => {
          prepare(world);
          remember(world, { date: '2026-07-12T00:00:00.000Z' });
        },
        host,
        code: 'MSP_ARCHIVE_REPLAYED',
      },
      {
        name: 'offline, and never seen',
        input: { ...input, offline: true },
        prepare,
        host,
        code: 'MSP_OFFLINE',
      },
      {
        name: 'a suite that was asked for and is not there',
        input: { ...input, suites: ['backports'] },
        prepare,
        host,
        code: 'MSP_ARCHIVE_LACKS',
      },
      {
        name: 'a suite that was asked for of a release that has none',
        input: { ...sid, suites: ['updates'] },
        prepare,
        host: sidHost({}),
        code: 'MSP_ARCHIVE_LACKS',
      },
      {
        name: 'no suites and a suite',
        input: { ...input, suites: ['none', 'updates'] },
        prepare,
        host,
        code: 'MSP_USAGE',
      },
      {
        name: 'a snapshot and a mirror',
        input: { ...input, snapshot: '20261101', mirror: own },
        prepare,
        host,
        code: 'MSP_USAGE',
      },
      {
        name: 'a snapshot of tomorrow',
        input: { ...input, snapshot: '2026-11-23' },
        prepare,
        host,
        code: 'MSP_USAGE',
      },
      {
        name: 'an archived release, and no network',
        input: { image: 'stretch', arch: 'amd64' },
        prepare: (world) => world.put({ [removedKeys]: 'keys' }),
        host: fakeHost({ programs, net: { [at('stretch', 'InRelease', oldMirror)]: unreachable } }),
        code: 'MSP_NETWORK',
      },
    ],
    writes: ['/var/cache/machinespawn/archives'],
  },
  test,
);

test('keyringFingerprints: reads a binary keyring and gives null for what it cannot read', () => {
  const [fingerprint, ...more] = keyringFingerprints(packet(Buffer.from([4, 1, 2, 3]))) ?? [];
  expect(fingerprint).toMatch(/^[0-9A-F]{40}$/u);
  expect(more).toEqual([]);
  expect(keyringFingerprints(packet(Buffer.from([4, 1, 2, 3])).subarray(0, 4))).toBeNull();
  expect(keyringFingerprints(Buffer.from('keys'))).toBeNull();
  expect(keyringFingerprints(Buffer.alloc(0))).toEqual([]);
});

test('keyringFingerprints: reads an armoured keyring', () => {
  const body = packet(Buffer.from([4, 1, 2, 3]));
  const armoured = `-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\n${body.toString('base64')}\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n`;
  expect(keyringFingerprints(Buffer.from(armoured))).toEqual(keyringFingerprints(body));
  const file = readFileSync(new URL(import.meta.url));
  expect(keyringFingerprints(file)).toBeNull();
});
