/** A machine that is being prepared, for the tests of steps. */
import type { FileSpec } from '../../../src/testing.ts';
import { elf, osRelease, status } from './archive-fixture.ts';

export const machines = '/var/lib/machines';
export const staging = `${machines}/.#machinespawn-bread-0123abcd`;
export const machineId = '0123456789ab4def8123456789abcdef';
export const record = '/var/lib/machinespawn/machines/bread.json';

/** As configure-base leaves it. */
export const base: Readonly<Record<string, FileSpec>> = {
  '/usr/lib/os-release': osRelease,
  '/etc/os-release': { link: '../usr/lib/os-release' },
  '/usr/bin/dash': { text: elf(), mode: 0o755 },
  '/usr/bin/sh': { link: 'dash' },
  '/bin': { link: 'usr/bin' },
  '/var/lib/dpkg/status': status,
  '/etc/machine-id': 'uninitialized\n',
  '/etc/apt/apt.conf.d/01autoremove': '// APT "x";\n',
  '/var/lib/apt/lists/partial': null,
  '/var/cache/apt/archives/lock': '',
};

/** As set-identity leaves it. */
export const whole: Readonly<Record<string, FileSpec>> = {
  ...base,
  '/etc/hostname': 'bread\n',
  '/etc/hosts': '127.0.1.1\tbread\n',
  '/etc/machine-id': `${machineId}\n`,
};
