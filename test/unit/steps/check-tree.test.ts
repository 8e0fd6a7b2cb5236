import { expect, test } from 'vitest';
import { checkTree } from '../../../src/steps/check-tree.ts';
import { fakeHost, testStep } from '../../../src/testing.ts';
import { elf } from './archive-fixture.ts';

const release = 'PRETTY_NAME="Some 1"\nID=some\n';
const whole = { '/etc/os-release': release, '/bin/sh': { text: elf(), mode: 0o755 } };

testStep(
  checkTree,
  {
    accepts: [
      {
        name: 'a tree that runs here',
        input: (world) => ({ tree: world.tree(whole), arch: 'amd64' as const }),
        output: { os: 'Some 1', arch: 'amd64', warnings: [] },
      },
      {
        name: 'an architecture that does not',
        input: (world) => ({ tree: world.tree(whole), name: 'it' }),
        host: fakeHost({ arch: 'arm64' }),
        output: {
          os: 'Some 1',
          arch: 'amd64',
          warnings: ["it is for amd64, which this host cannot run: no binfmt_misc entry 'qemu-x86_64'"],
        },
      },
      {
        name: 'no root file system at all',
        input: (world) => ({ tree: world.tree({ '/x': 'x' }), name: 'it' }),
        output: {
          ...{ os: '', arch: null },
          warnings: [
            'it has no os-release: systemd-nspawn will not boot it',
            'it has neither a shell nor an init: nothing can be run in it',
          ],
        },
      },
      {
        name: 'a shell that is a script',
        input: (world) => ({ tree: world.tree({ '/etc/os-release': release, '/bin/sh': '#!/bin/x' }) }),
        output: {
          ...{ os: 'Some 1', arch: null },
          warnings: [
            '/bin/sh of the image is no program of any architecture: it cannot be told whether this host can run it',
          ],
        },
      },
      {
        name: 'a shell that is a script, beside a program',
        input: (world) => ({
          tree: world.tree({ ...whole, '/bin/sh': '#!/bin/x', '/bin/bash': { text: elf(), mode: 0o755 } }),
        }),
        output: { os: 'Some 1', arch: 'amd64', warnings: [] },
      },
      {
        name: 'an architecture that is none of ours',
        input: (world) => ({ tree: world.tree({ ...whole, '/bin/sh': { text: elf(258), mode: 0o755 } }), name: 'it' }),
        output: {
          ...{ os: 'Some 1', arch: null },
          warnings: ['it is for loong64, which machinespawn cannot run on any host'],
        },
      },
    ],
    fails: [
      {
        name: 'another architecture than asked for',
        input: (world) => ({ tree: world.tree(whole), arch: 'arm64' as const }),
        code: 'MSP_PULL_ARCH',
      },
      {
        name: 'one that is none of ours',
        input: (world) => ({
          tree: world.tree({ ...whole, '/bin/sh': { text: elf(258), mode: 0o755 } }),
          arch: 'amd64' as const,
        }),
        code: 'MSP_PULL_ARCH',
      },
    ],
  },
  test,
);

test('one line', () => {
  expect(checkTree.describe?.({ os: '', arch: null, warnings: [] })).toBe('no os-release, unknown architecture');
});
