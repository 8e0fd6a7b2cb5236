import { expect, test } from 'vitest';
import { blankIdentity } from '../../../src/steps/blank-identity.ts';
import { fakeHost, prints, testStep, type FileSpec, type World } from '../../../src/testing.ts';
import { status } from './archive-fixture.ts';
import { isIn, made, textIn } from './tree-fixture.ts';

const files: Record<string, FileSpec> = {
  '/var/lib/dpkg/status': status,
  '/etc/hostname': 'bread\n',
  '/etc/hosts': '127.0.1.1 bread\n',
  '/etc/resolv.conf': 'nameserver 10.0.0.1\n',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/var/lib/systemd/random-seed': 'x',
  '/etc/ssh/ssh_host_rsa_key': 'x',
  '/etc/ssh/sshd_config': 'x',
  '/var/tmp/left': 'x',
  '/var/lib/apt/lists/x_Packages': 'x',
  '/etc/shadow': { text: 'root:*:20000:0:99999:7:::\nada:$y$1:19000:0:99999:7:::\n', mode: 0o640 },
};
// Only where the test does not run as root: then the files are not root's.
const host = fakeHost({ programs: { chown: prints() } });
const input =
  <More extends object>(more: More, other: Record<string, FileSpec> = {}) =>
  (world: World) => ({
    tree: world.tree({ ...files, ...other }),
    ...more,
  });
const output = (world: World) => ({ tree: made(world) });

testStep(
  blankIdentity,
  {
    accepts: [
      {
        name: 'a tree that was a machine',
        input: input({}),
        host,
        output,
        after: (world) => {
          const gone = Object.keys(files).filter((path) => !isIn(world, path));
          expect(gone).toEqual([
            ...['/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/var/lib/systemd/random-seed'],
            ...['/etc/ssh/ssh_host_rsa_key', '/var/tmp/left', '/var/lib/apt/lists/x_Packages'],
          ]);
          expect(textIn(world, '/etc/machine-id')).toBe('uninitialized\n');
          expect(textIn(world, '/etc/shadow')).toMatch(/^root:\*:20000:/u);
        },
      },
      {
        name: 'a host name for all, and a day',
        input: input(
          { hostname: 'stage', epoch: 19_500 * 86_400 + 1 },
          { '/etc/resolv.conf': { link: '../run/stub' } },
        ),
        host,
        output,
        after: (world) => {
          expect(textIn(world, '/etc/hostname')).toBe('stage\n');
          expect(textIn(world, '/etc/hosts')).toMatch(/^127\.0\.1\.1\tstage$/mu);
          expect(textIn(world, '/etc/shadow')).toBe('root:*:19500:0:99999:7:::\nada:$y$1:19000:0:99999:7:::\n');
          expect(world.listing().get(`/var/cache/machinespawn/trees/${made(world)}/etc/shadow`)).toMatch(/^file 640/u);
          expect(isIn(world, '/etc/resolv.conf')).toBe(true);
        },
      },
      {
        name: 'links that would lead out',
        input: input(
          { hostname: 'stage' },
          { '/etc/hostname': { link: '/../../../../etc/hostname' }, '/tmp': { link: '/../../precious' } },
        ),
        prepare: (world) => world.put({ '/etc/hostname': 'host', '/precious/a': 'x' }),
        host,
        output,
        after: (world) => {
          expect(world.read('/etc/hostname')).toBe('host');
          expect(world.read('/precious/a')).toBe('x');
        },
      },
    ],
    refuses: [{ name: 'a host name with a space', input: { tree: 'x', hostname: 'a b' }, at: 'hostname' }],
  },
  test,
);
