import { expect, test } from 'vitest';
import { exportStep } from '../../../src/steps/export.ts';
import { fakeHost, prints, testStep, type Program, type World } from '../../../src/testing.ts';
import { artifactOf } from './tree-fixture.ts';

const pack = (fileOf: (args: readonly string[]) => string | undefined): Program =>
  function* packs({ args, world }) {
    yield;
    world.put({ [fileOf(args) ?? '']: 'packed' });
  };
const cp: Program = function* cp({ args, world }) {
  const to = args.at(-1) ?? '';
  world.put({ [to]: null });
  yield;
  world.put({ [`${to}/etc/motd`]: world.read(`${args.at(-2)}/etc/motd`) ?? '' });
};
const tar = pack((args) => args.find((word) => word.startsWith('--file='))?.slice('--file='.length));
const mksquashfs = pack((args) => args[1]);
const programs = { tar, mksquashfs, cp, zstd: prints(), sync: prints() };
const host = fakeHost({ programs });
const ofTree =
  <More extends object>(more: More) =>
  (world: World) => ({ tree: world.tree({ '/etc/motd': 'hello' }), ...more });
const machine = (world: World): void => world.put({ '/var/lib/machines/bread/etc/motd': 'of bread' });

testStep(
  exportStep,
  {
    accepts: [
      {
        name: 'a tree as a tar file',
        input: ofTree({ name: 'a.tar.zst' }),
        host,
        output: { file: artifactOf('a.tar.zst', 'packed'), directory: null },
      },
      {
        name: 'a machine as a squashfs file',
        input: { machine: 'bread', name: 'bread.squashfs', epoch: 3 },
        prepare: machine,
        host,
        output: { file: artifactOf('bread.squashfs', 'packed'), directory: null },
        after: (world) => {
          expect(world.locks).toEqual(['machine-bread']);
          expect(world.commands[0]).toMatchObject({ env: { SOURCE_DATE_EPOCH: '3' } });
        },
      },
      {
        name: 'a tree as a directory',
        input: ofTree({ directory: '/srv/new/tree' }),
        host,
        output: { file: null, directory: '/srv/new/tree' },
        after: (world) => expect(world.read('/srv/new/tree/etc/motd')).toBe('hello'),
      },
      {
        name: 'a machine as a directory',
        input: { machine: 'bread', directory: '/srv/bread' },
        prepare: machine,
        host,
        output: { file: null, directory: '/srv/bread' },
        after: (world) => expect(world.read('/srv/bread/etc/motd')).toBe('of bread'),
      },
    ],
    refuses: [
      { name: 'neither tree nor machine', input: { name: 'a.tar' }, at: 'tree' },
      { name: 'both', input: { tree: 'x', machine: 'bread', name: 'a.tar' }, at: 'tree' },
      { name: 'neither file nor directory', input: { tree: 'x' }, at: 'name' },
      { name: 'an ending that says nothing', input: { tree: 'x', name: 'a.zip' }, at: 'name' },
      { name: 'a relative directory', input: { tree: 'x', directory: 'out' }, at: 'directory' },
    ],
    fails: [
      {
        name: 'a directory that is there',
        input: ofTree({ directory: '/srv' }),
        prepare: (world) => world.put({ '/srv/precious': 'x' }),
        host,
        code: 'MSP_FILE_UNWRITABLE',
        after: (world) => expect(world.read('/srv/precious')).toBe('x'),
      },
      { name: 'no such machine', input: { machine: 'bread', name: 'a.tar' }, host, code: 'MSP_MACHINE_NOT_FOUND' },
      {
        name: 'a machine that runs',
        input: { machine: 'bread', name: 'a.tar' },
        prepare: machine,
        host: fakeHost({ programs, holders: { bread: 'systemd' } }),
        code: 'MSP_MACHINE_RUNNING',
      },
      {
        name: 'a disk image',
        input: { machine: 'bread', name: 'a.tar' },
        prepare: (world) => world.put({ '/var/lib/machines/bread.raw': '' }),
        host,
        code: 'MSP_MACHINE_BROKEN',
      },
    ],
    writes: ['/srv', '/var/lib/machinespawn/exports'],
  },
  test,
);
