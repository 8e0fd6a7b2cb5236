import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { squashfs } from '../../../src/steps/squashfs.ts';
import { exits, fakeHost, testStep, type Program, type World } from '../../../src/testing.ts';

const mksquashfs: Program = function* program({ args, env, world }) {
  const [tree = '', file = ''] = args;
  world.put({ [file]: 'half' });
  yield;
  world.remove(file);
  world.put({
    [file]: `${world.read(`${tree}/etc/os-release`)}${args.slice(2).join(' ')} ${env['SOURCE_DATE_EPOCH']}`,
  });
};
const host = fakeHost({ programs: { mksquashfs } });
const input = (more: object) => (world: World) => ({ tree: world.tree({ '/etc/os-release': 'ID=debian\n' }), ...more });
const fileOf = (name: string, content: string) => {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { file: { artifact: `artifact:${sha256}`, name, sizeBytes: content.length, sha256 } };
};

testStep(
  squashfs,
  {
    accepts: [
      {
        name: 'a tree',
        input: input({}),
        host,
        output: fileOf('filesystem.squashfs', 'ID=debian\n-noappend -no-progress -comp zstd 0'),
      },
      {
        name: 'a part of it, at another date',
        input: input({ name: 'a.sq', compression: 'xz', exclude: ['boot/*'], epoch: 9 }),
        host,
        output: fileOf('a.sq', 'ID=debian\n-noappend -no-progress -comp xz -wildcards -e boot/* 9'),
      },
    ],
    refuses: [
      { name: 'a path as a name', input: { tree: 'x', name: 'a/b' }, at: 'name' },
      { name: 'an absolute path to leave out', input: { tree: 'x', exclude: ['/boot'] }, at: 'exclude.0' },
    ],
    fails: [
      {
        name: 'a full disk',
        input: input({}),
        host: fakeHost({ programs: { mksquashfs: exits(1, 'Write failed because No space left on device') } }),
        code: 'MSP_DISK_FULL',
      },
    ],
  },
  test,
);

test('says how large it is', () => {
  expect(squashfs.describe?.({ file: { artifact: '', name: 'a', sizeBytes: 5 << 20, sha256: '' } })).toBe('a, 5 MiB');
});
