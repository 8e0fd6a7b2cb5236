import { expect, test } from 'vitest';
import { bootstrapSecondStage } from '../../../src/steps/bootstrap-second-stage.ts';
import { fakeHost, testStep, type Program, type World } from '../../../src/testing.ts';
import { status as dpkgStatus } from './archive-fixture.ts';

const unpacked = { '/bin/sh': 'sh', '/debootstrap/debootstrap': '#!/bin/sh', '/var/lib/dpkg/status': '' };
const input = (world: World) =>
  ({ tree: world.tree(unpacked), arch: 'amd64', suite: 'bookworm', mirror: 'http://x' }) as const;

/** Like the real one, it spoils the tree when it is run a second time. */
const chroot: Program = function* program({ args, world, status }) {
  const [root] = args;
  if (world.read(`${root}/var/lib/dpkg/status`) !== '') return 1;
  status('P: 1 7 INSTCORE');
  world.put({ [`${root}/var/lib/dpkg/status`]: 'Package: bash\nStatus: install ok unpacked\n' });
  yield;
  world.put({ [`${root}/var/lib/dpkg/status`]: dpkgStatus, [`${root}/etc/passwd`]: 'root:x:0:0::/root:/bin/sh\n' });
  yield;
  world.remove(`${root}/debootstrap`);
  return 0;
};
const failing: Program = function* program({ args, world, status }) {
  world.put({ [`${args[0]}/etc/half`]: '' });
  yield;
  for (const line of ['W: IN_TARGET_FAIL', 'WA: dpkg', 'WF: Failure trying to run: %s']) status(line);
  return 1;
};

testStep(
  bootstrapSecondStage,
  {
    accepts: [
      {
        name: 'an unpacked tree',
        input,
        host: fakeHost({ programs: { chroot } }),
        output: (world) => ({ tree: world.committed.at(-1) ?? '', packages: 2 }),
        after: (world, { tree }) => {
          expect(world.has(`/var/cache/machinespawn/trees/${tree}/debootstrap`)).toBe(false);
          expect(world.commands[0]?.args.slice(1)).toEqual([
            '/debootstrap/debootstrap',
            '--second-stage',
            '--debian-installer',
          ]);
        },
      },
      {
        name: 'an emulator that the kernel looks for inside the tree',
        input: (world) => ({ ...input(world), arch: 'arm64' as const }),
        host: fakeHost({
          programs: { chroot },
          runs: { arm64: 'qemu' },
          emulatorsToBind: { arm64: '/usr/libexec/qemu/qemu-aarch64' },
        }),
        output: (world) => ({ tree: world.committed.at(-1) ?? '', packages: 2 }),
        after: (world, { tree }) => {
          const root = world.commands[0]?.args[0] ?? '';
          expect(world.commands.map(({ binds }) => binds)).toEqual([
            [
              {
                from: '/usr/libexec/qemu/qemu-aarch64',
                to: `${root}/usr/libexec/qemu/qemu-aarch64`,
                readOnly: true,
              },
            ],
          ]);
          expect(world.has(`/var/cache/machinespawn/trees/${tree}/usr/libexec`)).toBe(false);
        },
      },
    ],
    refuses: [
      {
        name: 'an architecture that there is not',
        input: { tree: 'x', arch: 'armv9', suite: 'x', mirror: 'x' },
        at: 'arch',
      },
    ],
    fails: [
      {
        name: 'a package that cannot be configured',
        input,
        host: fakeHost({ programs: { chroot: failing } }),
        code: 'MSP_TOOL_FAILED',
      },
      {
        name: 'foreign programs that do not start',
        input,
        host: fakeHost({
          programs: {
            *chroot({ status }) {
              yield;
              for (const line of ['E: ARCHNOTEXEC', 'EF: Unable to execute target architecture']) status(line);
              return 1;
            },
          },
        }),
        code: 'MSP_BINFMT_MISSING',
      },
      {
        name: 'a tree that is gone',
        input: { tree: 'f'.repeat(64), arch: 'amd64', suite: 'bookworm', mirror: 'http://x' },
        code: 'MSP_SNAPSHOT_MISSING',
      },
    ],
  },
  test,
);
