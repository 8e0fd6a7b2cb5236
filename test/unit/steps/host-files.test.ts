import { expect, test } from 'vitest';
import { hostFiles } from '../../../src/steps/host-files.ts';
import { fakeHost, testStep, type Program } from '../../../src/testing.ts';
import { artifactOf } from './tree-fixture.ts';

const packs: Program = function* packs({ args, world }) {
  const file = args.find((word) => word.startsWith('--file='))?.slice('--file='.length) ?? '';
  yield;
  world.put({ [file]: args.filter((word) => /^(?:--directory|--owner|--mtime|--exclude|\.)/u.test(word)).join(' ') });
};
const host = fakeHost({ programs: { tar: packs } });

testStep(
  hostFiles,
  {
    accepts: [
      {
        name: 'a directory',
        input: { from: '/home/ada/files/', exclude: ['.git'] },
        prepare: (world) => world.put({ '/home/ada/files/a': 'x' }),
        host,
        output: {
          file: artifactOf('files.tar', '--owner=0 --mtime=@0 --exclude=./.git --directory=/home/ada/files/ .'),
        },
      },
      {
        name: 'a file',
        input: { from: '/etc/-motd', epoch: 9 },
        prepare: (world) => world.put({ '/etc/-motd': 'x' }),
        host,
        output: { file: artifactOf('files.tar', '--owner=0 --mtime=@9 --directory=/etc ./-motd') },
        after: (world) => expect(world.commands.at(-1)?.args.at(-2)).toBe('--'),
      },
    ],
    refuses: [{ name: 'a relative path', input: { from: 'files' }, at: 'from' }],
    fails: [
      { name: 'nothing', input: { from: '/nowhere' }, host, code: 'MSP_FILE_UNREADABLE' },
      {
        name: 'a symlink',
        input: { from: '/link' },
        prepare: (world) => world.put({ '/link': { link: '/etc' } }),
        host,
        code: 'MSP_FILE_UNREADABLE',
      },
    ],
  },
  test,
);
