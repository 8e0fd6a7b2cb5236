import { expect, test } from 'vitest';
import { verifyMachine } from '../../../src/steps/verify-machine.ts';
import { exits, fakeHost, prints, testStep, type FileSpec, type World } from '../../../src/testing.ts';
import { elf } from './archive-fixture.ts';
import { machineId, staging, whole } from './machine-fixture.ts';

const input = { staging, name: 'bread', arch: 'amd64', hostname: 'bread', machineId } as const;
const host = fakeHost({ programs: { chroot: prints() } });
const mountinfo = '24 1 8:1 / / rw - ext4 /dev/sda1 rw\n25 24 0:5 / /proc rw - proc proc rw\n';
const with_ = (files: Record<string, FileSpec> = {}, mounts = mountinfo) => ({
  input,
  host,
  prepare: (world: World) => {
    world.put({ '/proc/self/mountinfo': mounts });
    world.put({ ...whole, ...files }, staging);
  },
});
const broken = (name: string, files: Record<string, FileSpec>) => ({
  name,
  ...with_(files),
  code: 'MSP_MACHINE_BROKEN' as const,
});

testStep(
  verifyMachine,
  {
    accepts: [
      {
        name: 'a machine',
        ...with_(),
        output: { os: 'Debian GNU/Linux 12 (bookworm)', arch: 'amd64' },
        after: (world) =>
          expect(world.commands.map(({ file, args }) => [file, ...args])).toEqual([
            ['chroot', staging, 'dpkg', '--audit'],
          ]),
      },
      {
        name: 'a machine with a shell of its own',
        ...with_({ '/usr/bin/dash': elf(183) }),
        input: { ...input, arch: 'arm64' },
        output: { os: 'Debian GNU/Linux 12 (bookworm)', arch: 'arm64' },
      },
    ],
    refuses: [{ name: 'an architecture that there is not', input: { ...input, arch: 'armv9' }, at: 'arch' }],
    fails: [
      {
        name: 'nothing there',
        input,
        host,
        prepare: (world) => world.put({ '/proc/self/mountinfo': mountinfo }),
        code: 'MSP_MACHINE_BROKEN',
      },
      { name: 'another architecture', ...with_(), input: { ...input, arch: 'i386' }, code: 'MSP_MACHINE_BROKEN' },
      { name: 'another host name', ...with_(), input: { ...input, hostname: 'toast' }, code: 'MSP_MACHINE_BROKEN' },
      {
        name: 'another machine-id',
        ...with_(),
        input: { ...input, machineId: 'f'.repeat(32) },
        code: 'MSP_MACHINE_BROKEN',
      },
      {
        name: 'something mounted inside',
        ...with_({}, `${mountinfo}30 24 0:5 / ${staging.replace('#', String.raw`\043`)}/proc rw - proc proc rw\n`),
        code: 'MSP_TREE_HAS_MOUNTS',
      },
      broken('no system', { '/etc/os-release': '', '/usr/bin/dash': 'no program' }),
      broken('a host name that it does not know', { '/etc/hosts': '127.0.0.1 localhost' }),
      broken('the files of debootstrap', { '/debootstrap/log': '' }),
      broken('a policy that no service starts', { '/usr/sbin/policy-rc.d': 'exit 101' }),
      broken('a start-stop-daemon put aside', { '/usr/sbin/start-stop-daemon.REAL': '' }),
      broken('packages', { '/var/cache/apt/archives/a.deb': '' }),
      broken('lists', { '/var/lib/apt/lists/x_Packages': '' }),
      broken('a proxy', { '/etc/apt/apt.conf.d/90cache': 'Acquire::http::Proxy "http://p";' }),
      broken('a proxy in the one file', { '/etc/apt/apt.conf': 'Acquire { http { Proxy "http://p"; } }' }),
      {
        name: 'packages that are not configured',
        ...with_(),
        host: fakeHost({ programs: { chroot: prints('libc6 is only half configured') } }),
        code: 'MSP_MACHINE_BROKEN',
      },
      {
        name: 'dpkg that fails',
        ...with_(),
        host: fakeHost({ programs: { chroot: exits(2, 'dpkg: error') } }),
        code: 'MSP_TOOL_FAILED',
      },
    ],
  },
  test,
);
