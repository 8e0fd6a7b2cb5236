import { expect, test } from 'vitest';
import { configureBase } from '../../../src/steps/configure-base.ts';
import { fakeHost, prints, testStep, type FileSpec, type Program, type World } from '../../../src/testing.ts';
import { archive, osRelease, status } from './archive-fixture.ts';

const installed: Record<string, FileSpec> = {
  '/usr/lib/os-release': osRelease,
  '/etc/os-release': { link: '../usr/lib/os-release' },
  '/var/lib/dpkg/status': status,
  '/etc/hostname': 'host',
  '/etc/hosts': '127.0.1.1 host',
  '/etc/resolv.conf': 'nameserver 10.0.0.1',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/var/lib/dbus/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/etc/apt/sources.list': 'deb http://x bookworm main',
  '/usr/sbin/policy-rc.d': 'exit 101',
  '/debootstrap/log': '',
  '/var/lib/apt/lists/x_Packages': 'x',
  '/var/lib/apt/lists/partial/x': 'x',
  '/var/cache/apt/archives/bash.deb': 'x',
  '/var/cache/apt/archives/partial': null,
  '/var/cache/apt/pkgcache.bin': 'x',
  '/var/log/bootstrap.log': 'x',
  '/var/log/dpkg.log': 'x',
};
const input =
  (files: Record<string, FileSpec>, more: Partial<typeof archive> = {}) =>
  (world: World) => ({ tree: world.tree(files), arch: 'amd64' as const, archive: { ...archive, ...more } });
const install: Program = function* program({ args, world }) {
  yield;
  world.put({ [args.at(-1) ?? '']: world.read(args.at(-2) ?? '') ?? '' });
};
const programs = { du: prints('4096000\t/tree'), install };
const host = fakeHost({ programs });
const output = (world: World) => ({
  tree: world.committed.at(-1) ?? '',
  packages: 2,
  osPrettyName: 'Debian GNU/Linux 12 (bookworm)',
  sizeBytes: 4_096_000,
});
const inTree =
  (world: World) =>
  (path: string): string | null =>
    world.read(`/var/cache/machinespawn/trees/${world.committed.at(-1)}${path}`);
const hasIn =
  (world: World) =>
  (path: string): boolean =>
    world.has(`/var/cache/machinespawn/trees/${world.committed.at(-1)}${path}`);

testStep(
  configureBase,
  {
    accepts: [
      {
        name: 'an installed tree',
        input: input(installed),
        host,
        output,
        after: (world) => {
          const gone = Object.keys(installed).filter((path) => !hasIn(world)(path));
          const kept = [
            '/usr/lib/os-release',
            '/etc/os-release',
            '/var/lib/dpkg/status',
            '/etc/machine-id',
            '/var/cache/apt/archives/partial',
          ];
          expect(gone).toEqual(Object.keys(installed).filter((path) => !kept.includes(path)));
          expect(hasIn(world)('/var/lib/apt/lists/partial')).toBe(true);
          expect(inTree(world)('/etc/machine-id')).toBe('uninitialized\n');
          const sources = inTree(world)('/etc/apt/sources.list.d/debian.sources') ?? '';
          expect(sources).toMatch(/Suites: bookworm bookworm-updates$/mu);
          expect(sources).toMatch(/Suites: bookworm-security$/mu);
        },
      },
      {
        name: 'a system that knows no other machine-id than none',
        input: input({ ...installed, '/var/lib/dpkg/status': status.replace('252.39-1', '241-7') }),
        host,
        output,
        after: (world) => expect(inTree(world)('/etc/machine-id')).toBe(''),
      },
      {
        name: 'a system without systemd',
        input: input({ ...installed, '/var/lib/dpkg/status': status.replace('Package: systemd', 'Package: sysvinit') }),
        host,
        output,
        after: (world) => expect(inTree(world)('/etc/machine-id')).toBeNull(),
      },
      {
        name: 'suites that there are not',
        input: input(installed, { suites: archive.suites.map((suite) => ({ ...suite, exists: false })) }),
        host,
        output,
        after: (world) =>
          expect(inTree(world)('/etc/apt/sources.list.d/debian.sources')).toMatch(/^Suites: bookworm$/mu),
      },
      {
        name: 'a keyring of its own',
        input: input(installed, { keyring: '/etc/own.pgp', ownKeyring: true }),
        prepare: (world) => world.put({ '/etc/own.pgp': '-----BEGIN PGP' }),
        host,
        output,
        after: (world) => {
          expect(inTree(world)('/etc/apt/keyrings/machinespawn.asc')).toBe('-----BEGIN PGP');
          expect(inTree(world)('/etc/apt/sources.list.d/debian.sources')).toMatch(
            /^Signed-By: \/etc\/apt\/keyrings\/machinespawn\.asc$/mu,
          );
        },
      },
    ],
    refuses: [{ name: 'no archive', input: { tree: 'x', arch: 'amd64' }, at: 'archive' }],
    fails: [
      {
        name: 'a tree that does not say what it is',
        input: input({ '/var/lib/dpkg/status': status }),
        host,
        code: 'MSP_MACHINE_BROKEN',
      },
    ],
  },
  test,
);
