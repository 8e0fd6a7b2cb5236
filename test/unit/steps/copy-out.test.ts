import { test } from 'vitest';
import { copyOut } from '../../../src/steps/copy-out.ts';
import { fakeHost, testStep, type Program, type World } from '../../../src/testing.ts';
import { artifactOf } from './tree-fixture.ts';

const cp: Program = function* cp({ args, world }) {
  yield;
  world.put({ [args.at(-1) ?? '']: world.read(args.at(-2) ?? '') ?? '' });
};
const packs: Program = function* packs({ args, world }) {
  const valueOf = (option: string) => args.find((word) => word.startsWith(option))?.slice(option.length) ?? '';
  yield;
  world.put({ [valueOf('--file=')]: world.read(`${valueOf('--directory=')}/a`) ?? 'nothing' });
};
const host = fakeHost({ programs: { cp, tar: packs } });
const files = {
  '/etc/motd': 'hello',
  '/etc/link': { link: '/etc/motd' },
  '/etc/outside': { link: '../../../../../../../../../../secret' },
  '/secret': 'of the tree',
  '/srv/data/a': 'A',
  '/var/lib': { link: '/srv' },
};
const input = (more: { from: string; name?: string }) => (world: World) => {
  world.put({ '/secret': 'of the host' });
  return { tree: world.tree(files), ...more };
};

testStep(
  copyOut,
  {
    accepts: [
      { name: 'a file', input: input({ from: '/etc/motd' }), host, output: { file: artifactOf('motd', 'hello') } },
      {
        name: 'a link to a file, under another name',
        input: input({ from: '/etc/link', name: 'greeting' }),
        host,
        output: { file: artifactOf('greeting', 'hello') },
      },
      {
        name: 'a link that would lead out',
        input: input({ from: '/etc/outside' }),
        host,
        output: { file: artifactOf('secret', 'of the tree') },
      },
      {
        name: 'a directory behind a link',
        input: input({ from: '/var/lib/data' }),
        host,
        output: { file: artifactOf('data.tar', 'A') },
      },
    ],
    refuses: [
      { name: 'a relative path', input: { tree: 'x', from: 'etc' }, at: 'from' },
      { name: 'a name with a path', input: { tree: 'x', from: '/etc', name: 'a/b' }, at: 'name' },
    ],
    fails: [
      { name: 'nothing', input: input({ from: '/nowhere' }), host, code: 'MSP_TREE_LACKS' },
      {
        name: 'a directory under the name of a file',
        input: input({ from: '/srv', name: 'srv.txt' }),
        host,
        code: 'MSP_USAGE',
      },
    ],
  },
  test,
);
