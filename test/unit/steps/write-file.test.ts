import { expect, test } from 'vitest';
import { writeFile } from '../../../src/steps/write-file.ts';
import { testStep, type World } from '../../../src/testing.ts';

const tree = (world: World): string => world.tree({ '/etc/motd': 'old' });
const committed = (world: World): { tree: string } => ({ tree: world.committed.at(-1) ?? '' });
const inside = (world: World, path: string): string | null =>
  world.read(`/var/cache/machinespawn/trees/${world.committed.at(-1) ?? ''}${path}`);

testStep(
  writeFile,
  {
    accepts: [
      {
        name: 'a file that is there',
        input: (world) => ({ tree: tree(world), path: '/etc/motd', text: 'new\n' }),
        output: committed,
        after: (world) => expect(inside(world, '/etc/motd')).toBe('new\n'),
      },
      {
        name: 'a new program in a new directory',
        input: (world) => ({ tree: tree(world), path: '/opt/a/b', text: '#!/bin/sh\n', mode: '0755' }),
        output: committed,
        after: (world) => expect(inside(world, '/opt/a/b')).toBe('#!/bin/sh\n'),
      },
    ],
    refuses: [
      { name: 'a relative path', input: { tree: 'x', path: 'etc/motd', text: '' }, at: 'path' },
      { name: 'a directory', input: { tree: 'x', path: '/etc/', text: '' }, at: 'path' },
      { name: 'a mode in words', input: { tree: 'x', path: '/etc/motd', text: '', mode: 'u+x' }, at: 'mode' },
    ],
    fails: [
      {
        name: 'a tree that is gone',
        input: { tree: 'f'.repeat(64), path: '/etc/motd', text: '' },
        code: 'MSP_SNAPSHOT_MISSING',
      },
    ],
  },
  test,
);
