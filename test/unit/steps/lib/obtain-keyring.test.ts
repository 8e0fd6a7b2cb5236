/** Debian 12 has no package with Ubuntu's keyring: resolve-archive takes it from Debian 13, through a verified chain. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ubuntuKeys } from '../../../../src/model/archive-keys.ts';
import { keyringFingerprints } from '../../../../src/steps/lib/keyring-fingerprints.ts';
import { resolveArchive } from '../../../../src/steps/resolve-archive.ts';
import {
  exits,
  testStep,
  unreachable,
  type Answer,
  type FakeHost,
  type Program,
  type World,
} from '../../../../src/testing.ts';
import {
  archive,
  goodSignature,
  gpgv,
  inRelease,
  keyring as debianKeyring,
  mirror,
  sha256,
} from '../archive-fixture.ts';

/** The two public keys, as ubuntu-keyring 2023.11.28.1 has them. */
const ubuntuKeyring = readFileSync(new URL('../../../fixtures/archives/ubuntu-archive-keyring.gpg', import.meta.url));
const packagePath = 'pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1-0.1_all.deb';
const deb = 'a package';
const listOf = (digest: string): Buffer =>
  gzipSync(
    [
      'Package: ubuntu-keyring\nVersion: 2023.11.28.1-0.1\nArchitecture: all',
      `Filename: ${packagePath}\nSize: ${deb.length}\nSHA256: ${digest}\n`,
    ].join('\n'),
  );
const digestOf = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const list = listOf(sha256(deb));
const trixieIndex = (packed: Buffer): string =>
  inRelease({ codename: 'trixie' }).replace(
    / a{64}.*\n/u,
    ` ${digestOf(packed)} ${packed.length} main/binary-all/Packages.gz\n`,
  );
const trixie = `${mirror}/dists/trixie`;
const ubuntu = 'http://archive.ubuntu.com/ubuntu';
const jammyIndex = inRelease({ codename: 'jammy' }).replace('main contrib', 'main universe contrib');
const net: Record<string, Answer> = {
  [`${trixie}/InRelease`]: trixieIndex(list),
  [`${trixie}/main/binary-all/Packages.gz`]: list,
  [`${mirror}/${packagePath}`]: deb,
  [`${ubuntu}/dists/jammy/InRelease`]: jammyIndex,
};
/** dpkg-deb --extract FILE DIRECTORY. */
const extracts = (data: Buffer, name = 'ubuntu-archive-keyring.gpg'): Program =>
  function* program({ args, world }) {
    yield;
    const file = world.real(`${args[2]}/usr/share/keyrings/${name}`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data);
  };
const programs = { gpgv: gpgv(...goodSignature), 'dpkg-deb': extracts(ubuntuKeyring) };
const host = (changed: FakeHost = {}): FakeHost => ({ programs, ...changed, net: { ...net, ...changed.net } });
const input = { image: 'jammy', arch: 'amd64' as const, suites: ['none' as const] };
const prepare = (world: World): void => world.put({ [debianKeyring]: 'keys' });
const kept = `/var/cache/machinespawn/keyrings/${digestOf(ubuntuKeyring)}.gpg`;
const remembered = {
  [kept]: ubuntuKeyring,
  '/var/cache/machinespawn/keyrings/ubuntu-keyring.digest': `${digestOf(ubuntuKeyring)}\n`,
};
const output = {
  ...archive,
  image: 'ubuntu-22.04',
  distro: 'ubuntu' as const,
  codename: 'jammy',
  mirror: ubuntu,
  keyring: kept,
  keyringDigest: digestOf(ubuntuKeyring),
  components: ['main', 'universe'],
  inReleaseDigest: sha256(jammyIndex),
  suites: [],
};
const elsewhere = host({ net: { [`${trixie}/InRelease`]: unreachable } });

testStep(
  resolveArchive,
  {
    accepts: [
      {
        name: 'a keyring that the host lacks',
        input,
        prepare,
        host: host(),
        output,
        after: (world) => {
          expect(world.logged[0]).toMatch(/^warn .*ubuntu-keyring of debian-13, and verified$/u);
          expect(world.commands.map(({ file }) => file)).toEqual(['gpgv', 'dpkg-deb', 'gpgv']);
          expect(world.commands[0]?.args).toContain(debianKeyring);
          expect(world.commands[2]?.args).toContain(kept);
        },
      },
      {
        name: 'by the name of its digest, where the archive has that',
        input,
        prepare,
        host: host({
          net: {
            [`${trixie}/InRelease`]: trixieIndex(list).replace('Codename:', 'Acquire-By-Hash: yes\nCodename:'),
            [`${trixie}/main/binary-all/Packages.gz`]: 404,
            [`${trixie}/main/binary-all/by-hash/SHA256/${digestOf(list)}`]: list,
          },
        }),
        output,
      },
      {
        name: 'from the list of the architecture, where the mirror has not got the other one yet',
        input,
        prepare,
        host: host({
          net: {
            [`${trixie}/InRelease`]: trixieIndex(list)
              .replace('Codename:', 'Acquire-By-Hash: yes\nCodename:')
              .replace(/^ .*binary-all\/Packages\.gz\n/mu, '$&$&')
              .replace('binary-all/Packages.gz', 'binary-amd64/Packages.gz'),
            [`${trixie}/main/binary-all/Packages.gz`]: gzipSync('of yesterday'),
            [`${trixie}/main/binary-amd64/Packages.gz`]: list,
          },
        }),
        output,
      },
      {
        name: 'one that was fetched before',
        input: { ...input },
        prepare: (world) => world.put({ [debianKeyring]: 'keys', ...remembered }),
        host: elsewhere,
        output,
        after: (world) => expect(world.logged).toEqual([]),
      },
      {
        name: 'one that was fetched before and is damaged now',
        input,
        prepare: (world) => world.put({ [debianKeyring]: 'keys', ...remembered, [kept]: 'torn' }),
        host: host(),
        output,
      },
      {
        name: 'the one that the host has',
        input,
        prepare: (world) => world.put({ '/usr/share/keyrings/ubuntu-archive-keyring.gpg': ubuntuKeyring }),
        host: elsewhere,
        output: { ...output, keyring: '/usr/share/keyrings/ubuntu-archive-keyring.gpg' },
      },
    ],
    fails: [
      { name: 'no network', input, prepare, host: elsewhere, code: 'MSP_KEYRING_MISSING' },
      { name: 'offline', input: { ...input, offline: true }, prepare, host: host(), code: 'MSP_OFFLINE' },
      { name: "no keyring of Debian's to begin with", input, host: host(), code: 'MSP_KEYRING_MISSING' },
      {
        name: 'an index of Debian that is signed by a stranger',
        input,
        prepare,
        host: host({ programs: { ...programs, gpgv: gpgv('NEWSIG', 'NO_PUBKEY F8D2585B8783D481') } }),
        code: 'MSP_SIGNATURE_UNKNOWN',
      },
      {
        name: 'a suite of Debian that is not there',
        input,
        prepare,
        host: host({ net: { [`${trixie}/InRelease`]: 404 } }),
        code: 'MSP_SUITE_NOT_FOUND',
      },
      {
        name: 'an altered list of packages',
        input,
        prepare,
        host: host({ net: { [`${trixie}/main/binary-all/Packages.gz`]: listOf('0'.repeat(64)) } }),
        code: 'MSP_PACKAGE_CORRUPT',
      },
      {
        name: 'an altered package',
        input,
        prepare,
        host: host({ net: { [`${mirror}/${packagePath}`]: 'b package' } }),
        code: 'MSP_PACKAGE_CORRUPT',
      },
      {
        name: 'a list without the package',
        input,
        prepare,
        host: host({
          net: {
            [`${trixie}/InRelease`]: trixieIndex(gzipSync('Package: other\n')),
            [`${trixie}/main/binary-all/Packages.gz`]: gzipSync('Package: other\n'),
          },
        }),
        code: 'MSP_ARCHIVE_LACKS',
      },
      {
        name: 'a package with other keys than are known',
        input,
        prepare,
        host: host({ programs: { ...programs, 'dpkg-deb': extracts(ubuntuKeyring.subarray(0, 20)) } }),
        code: 'MSP_KEY_MISSING',
      },
      {
        name: 'a package without the keyring',
        input,
        prepare,
        host: host({ programs: { ...programs, 'dpkg-deb': extracts(ubuntuKeyring, 'other.gpg') } }),
        code: 'MSP_KEY_MISSING',
      },
      {
        name: 'a package that cannot be opened',
        input,
        prepare,
        host: host({ programs: { ...programs, 'dpkg-deb': exits(2, 'not a package') } }),
        code: 'MSP_TOOL_FAILED',
      },
    ],
    writes: ['/var/cache/machinespawn/archives', '/var/cache/machinespawn/keyrings'],
  },
  test,
);

test('the keyring of the test holds the keys that the table names', () => {
  expect(keyringFingerprints(ubuntuKeyring)).toEqual(
    expect.arrayContaining(ubuntuKeys.map(({ fingerprint }) => fingerprint)),
  );
});
