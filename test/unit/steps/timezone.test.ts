import { expect, test } from 'vitest';
import { timezone } from '../../../src/steps/timezone.ts';
import { testStep, type FileSpec, type World } from '../../../src/testing.ts';
import { isIn, made, textIn } from './tree-fixture.ts';

const zones: Record<string, FileSpec> = {
  '/usr/share/zoneinfo/Europe/Berlin': 'TZif2…',
  '/usr/share/zoneinfo/tzdata.zi': '# v',
};
const input =
  (more: Record<string, FileSpec>, zone = 'Europe/Berlin') =>
  (world: World) => ({ tree: world.tree({ ...zones, ...more }), zone });
const output = (world: World) => ({ tree: made(world) });
const linkOf = (world: World) => world.listing().get(`/var/cache/machinespawn/trees/${made(world)}/etc/localtime`);

testStep(
  timezone,
  {
    accepts: [
      {
        name: 'a system with both files',
        input: input({ '/etc/localtime': { link: '/usr/share/zoneinfo/Etc/UTC' }, '/etc/timezone': 'Etc/UTC\n' }),
        output,
        after: (world) => {
          expect(linkOf(world)).toBe('symlink to /usr/share/zoneinfo/Europe/Berlin');
          expect(textIn(world, '/etc/timezone')).toBe('Europe/Berlin\n');
        },
      },
      {
        name: 'a system with none',
        input: input({}),
        output,
        after: (world) => {
          expect(linkOf(world)).toBe('symlink to /usr/share/zoneinfo/Europe/Berlin');
          expect(isIn(world, '/etc/timezone')).toBe(false);
        },
      },
    ],
    refuses: [{ name: 'a path', input: { tree: 'x', zone: '../../etc/passwd' }, at: 'zone' }],
    fails: [
      { name: 'a zone that is not there', input: input({}, 'Mars/Olympus'), code: 'MSP_TREE_LACKS' },
      { name: 'a directory of zones', input: input({}, 'Europe'), code: 'MSP_TREE_LACKS' },
      {
        name: 'a file that is no zone',
        input: input({ '/usr/share/zoneinfo/leapseconds': '#' }, 'leapseconds'),
        code: 'MSP_TREE_LACKS',
      },
    ],
  },
  test,
);
