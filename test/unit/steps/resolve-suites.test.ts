import { test } from 'vitest';
import { resolveSuites } from '../../../src/steps/resolve-suites.ts';
import { fakeHost, testStep } from '../../../src/testing.ts';
import { archive, goodSignature, gpgv } from './archive-fixture.ts';
import { pretendSuite } from './packages-fixture.ts';

const security = 'http://deb.debian.org/debian-security';
const found = {
  updates: pretendSuite({ suite: 'bookworm-updates' }),
  security: pretendSuite({ suite: 'bookworm-security', mirror: security }),
};
const net = { ...found.updates.net, ...found.security.net };
const programs = { gpgv: gpgv(...goodSignature) };
const host = fakeHost({ programs, net });

const updates = {
  suite: 'bookworm-updates',
  mirror: archive.mirror,
  inReleaseDigest: found.updates.inReleaseDigest,
};
const old = pretendSuite({ suite: 'buster' }).net[`${archive.mirror}/dists/buster/InRelease`] ?? '';

testStep(
  resolveSuites,
  {
    accepts: [
      {
        name: 'both',
        input: { archive, roles: ['security', 'updates'] },
        host,
        output: {
          suites: [
            updates,
            { suite: 'bookworm-security', mirror: security, inReleaseDigest: found.security.inReleaseDigest },
          ],
        },
      },
      { name: 'one of them', input: { archive, roles: ['updates'] }, host, output: { suites: [updates] } },
      { name: 'none', input: { archive, roles: [] }, host, output: { suites: [] } },
      {
        name: 'a release that has none',
        input: { archive: { ...archive, suites: [] }, roles: ['security'] },
        host,
        output: { suites: [] },
      },
      {
        name: 'what the archive does not have',
        input: {
          archive: {
            ...archive,
            suites: archive.suites.map((suite) => ({ ...suite, exists: suite.role === 'updates' })),
          },
          roles: ['updates', 'security'],
        },
        host,
        output: { suites: [updates] },
      },
      {
        name: 'the old form of the name of a security suite',
        input: {
          archive: {
            ...archive,
            suites: [{ role: 'security', suite: 'buster/updates', mirror: archive.mirror, exists: true }],
          },
          roles: ['security'],
        },
        host: fakeHost({ programs, net: { [`${archive.mirror}/dists/buster/updates/InRelease`]: old } }),
        output: {
          suites: [
            {
              suite: 'buster/updates',
              mirror: archive.mirror,
              inReleaseDigest: pretendSuite({ suite: 'buster' }).inReleaseDigest,
            },
          ],
        },
      },
    ],
    refuses: [{ name: 'an unknown role', input: { archive, roles: ['proposed'] }, at: 'roles.0' }],
    fails: [
      {
        name: 'a suite that is gone',
        input: { archive, roles: ['updates'] },
        host: fakeHost({ programs }),
        code: 'MSP_SUITE_NOT_FOUND',
      },
      {
        name: 'an altered index',
        input: { archive, roles: ['updates'] },
        host: { net, programs: { gpgv: gpgv('NEWSIG', 'BADSIG F8D2585B8783D481 Debian') } },
        code: 'MSP_SIGNATURE_BAD',
      },
      {
        name: 'an unknown key',
        input: { archive, roles: ['security'] },
        host: { net, programs: { gpgv: gpgv('NEWSIG', 'NO_PUBKEY F8D2585B8783D481') } },
        code: 'MSP_SIGNATURE_UNKNOWN',
      },
      {
        name: 'the signed index of another suite',
        input: { archive, roles: ['updates'] },
        host: fakeHost({ programs, net: { [`${archive.mirror}/dists/bookworm-updates/InRelease`]: old } }),
        code: 'MSP_RELEASE_INVALID',
      },
    ],
  },
  test,
);
