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
    ],
    refuses: [
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
        code: 'MSP_SIGNATURE_BAD',
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
        code: 'MSP_SIGNATURE_BAD',
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
        name: 'no index at all',
        input,
        prepare,
        host: fakeHost({ programs, net: { ...net, [at('bookworm')]: '<html>' } }),
        code: 'MSP_RELEASE_INVALID',
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
        name: 'a mirror that fell asleep long ago',
        input: sid,
        prepare,
        host: sidHost({ date: 'Sat, 01 Aug 2026 08:00:00 UTC', validUntil: 'Sat, 08 Aug 2026 08:00:00 UTC' }),
        code: 'MSP_ARCHIVE_STALE',
      },
    ],
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
