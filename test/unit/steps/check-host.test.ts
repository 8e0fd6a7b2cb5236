import { expect, test } from 'vitest';
import { checkHost } from '../../../src/steps/check-host.ts';
import { fakeHost, prints, testStep, type FakeHost } from '../../../src/testing.ts';

const programs: NonNullable<FakeHost['programs']> = {
  debootstrap: prints('debootstrap 1.0.128+nmu2+deb12u2'),
  'systemd-nspawn': prints('systemd 252 (252.39-1~deb12u2)', '+PAM +AUDIT'),
  gpgv: prints(),
  getfattr: prints(),
  wget: prints(),
  dpkg: prints(),
};
const host = fakeHost({ programs });
const without = (tool: string): FakeHost => {
  const { [tool]: _, ...rest } = programs;
  return fakeHost({ programs: rest });
};
const input = { image: 'debian-12', name: 'bread' };
const GiB = 2 ** 30;
const output = {
  hostArch: 'amd64',
  arch: 'amd64',
  emulated: false,
  debootstrap: '1.0.128+nmu2+deb12u2',
  systemd: '252',
  freeBytes: 100 * GiB,
} as const;
const machine = '/var/lib/machines/bread/etc/os-release';
const record = '/var/lib/machinespawn/machines/bread.json';

testStep(
  checkHost,
  {
    accepts: [
      { name: "the host's architecture", input, host, output },
      {
        name: 'an architecture by emulation',
        input: { ...input, arch: 'arm64' },
        host: { ...host, runs: { arm64: 'qemu' } },
        output: { ...output, arch: 'arm64', emulated: true },
      },
      {
        name: "the image's architecture",
        input: { ...input, image: 'bookworm/i386' },
        host: { ...host, runs: { i386: 'native' } },
        output: { ...output, arch: 'i386' },
      },
      { name: 'a release that is still to come', input: { ...input, image: 'ubuntu-27.04' }, host, output },
      {
        name: 'a machine that may be replaced',
        input: { ...input, replace: true },
        host,
        prepare: (world) => world.put({ [machine]: '' }),
        output,
      },
      {
        name: 'a machine that this run has published',
        input,
        host,
        prepare: (world) => world.put({ [machine]: '', [record]: '{"runId":"20261122-120000-test"}' }),
        output,
      },
    ],
    refuses: [
      { name: 'an image that there is not', input: { ...input, image: 'debian-99' }, at: 'image' },
      { name: 'a name that leads out of the directory', input: { ...input, name: '../x' }, at: 'name' },
      { name: 'a name with an underscore', input: { ...input, name: 'a_b' }, at: 'name' },
      { name: 'an architecture that there is not', input: { ...input, arch: 'armv9' }, at: 'arch' },
    ],
    fails: [
      { name: 'not root', input, host: { ...host, uid: 1000 }, code: 'MSP_ROOT_NEEDED' },
      { name: 'no debootstrap', input, host: without('debootstrap'), code: 'MSP_TOOL_MISSING' },
      { name: 'no systemd-nspawn', input, host: without('systemd-nspawn'), code: 'MSP_TOOL_MISSING' },
      { name: 'no gpgv', input, host: without('gpgv'), code: 'MSP_TOOL_MISSING' },
      { name: 'no getfattr', input, host: without('getfattr'), code: 'MSP_TOOL_MISSING' },
      { name: 'foreign programs do not run', input: { ...input, arch: 'arm64' }, host, code: 'MSP_BINFMT_MISSING' },
      { name: 'no such port', input: { ...input, arch: 'riscv64' }, host, code: 'MSP_ARCH_REFUSED' },
      {
        name: 'two architectures',
        input: { ...input, image: 'bookworm/i386', arch: 'arm64' },
        host,
        code: 'MSP_USAGE',
      },
      { name: 'little space', input, host: { ...host, freeBytes: 1e6 }, code: 'MSP_SPACE_LOW' },
      {
        name: 'another run prepares a machine of this name',
        input,
        host: fakeHost({ ...host, busyLocks: ['making-bread'] }),
        code: 'MSP_LOCK_BUSY',
      },
      {
        name: 'the name is taken',
        input,
        host,
        prepare: (world) => world.put({ [machine]: '' }),
        code: 'MSP_MACHINE_EXISTS',
      },
      {
        name: 'the name is taken by a disk image',
        input,
        host,
        prepare: (world) => world.put({ '/var/lib/machines/bread.raw': '' }),
        code: 'MSP_MACHINE_EXISTS',
      },
      {
        name: 'the name is taken by another run',
        input,
        host,
        prepare: (world) => world.put({ [machine]: '', [record]: '{"runId":"20261122-110000-test"}' }),
        code: 'MSP_MACHINE_EXISTS',
      },
      {
        name: 'the machine to replace runs',
        input: { ...input, replace: true },
        host: { ...host, holders: { bread: 'process 12' } },
        prepare: (world) => world.put({ [machine]: '' }),
        code: 'MSP_MACHINE_RUNNING',
      },
      {
        name: 'a clock of before the release',
        input,
        host: { ...host, now: '2020-01-01T00:00:00Z' },
        code: 'MSP_CLOCK_WRONG',
      },
    ],
  },
  test,
);

test('check-host: says what it found', () => {
  expect(checkHost.describe?.({ ...output, arch: 'arm64', emulated: true })).toBe(
    'systemd 252, debootstrap 1.0.128, 100 GiB free, arm64 by qemu',
  );
});
