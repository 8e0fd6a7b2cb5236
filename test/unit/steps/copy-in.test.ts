import { expect, test } from 'vitest';
import { copyIn } from '../../../src/steps/copy-in.ts';
import { fakeHost, testStep, type World } from '../../../src/testing.ts';
import { pretendNspawn } from './nspawn-fixture.ts';
import { isIn, kept, made, textIn } from './tree-fixture.ts';

const inside = '/run/machinespawn-file';
const host = fakeHost({
  programs: {
    'systemd-nspawn': pretendNspawn(({ command, tree, binds, world }) => {
      const text = world.read(binds.get(inside) ?? '') ?? '';
      const to = command.find((word) => word.startsWith('--directory='))?.slice('--directory='.length);
      world.put({ [`${tree}${to === undefined ? (command.at(-1) ?? '') : `${to}/unpacked`}`]: text });
    }),
  },
});
const input =
  <More extends object>(more: More) =>
  (world: World) => ({
    tree: world.tree({ '/etc/passwd': '' }),
    file: kept(world, 'files.tar', 'tar'),
    ...more,
  });
const output = (world: World) => ({ tree: made(world) });

testStep(
  copyIn,
  {
    accepts: [
      {
        name: 'a tar file',
        input: input({ to: '/opt/tool' }),
        host,
        output,
        after: (world) => {
          expect(textIn(world, '/opt/tool/unpacked')).toBe('tar');
          expect(isIn(world, '/usr/sbin/policy-rc.d')).toBe(false);
          // It runs in the tree, where no name leads out.
          expect(world.commands.every(({ file }) => file === 'systemd-nspawn')).toBe(true);
        },
      },
      {
        name: 'a file as it is',
        input: input({ to: '/etc/thing', unpack: false, mode: '0600' }),
        host,
        output,
        after: (world) => {
          expect(textIn(world, '/etc/thing')).toBe('tar');
          expect(world.commands.at(-1)?.args.join(' ')).toMatch(/ -m 0600 -- \S+ \/etc\/thing$/u);
        },
      },
    ],
    refuses: [
      { name: 'a relative path', input: { tree: 'x', file: {}, to: 'etc' }, at: 'to' },
      { name: 'what is no file of a step', input: { tree: 'x', file: { name: 'x' } }, at: 'file.artifact' },
    ],
    fails: [
      {
        name: 'a file that is gone',
        input: (world) => {
          const given = input({})(world);
          world.remove(`/var/cache/machinespawn/artifacts/${given.file.sha256}`);
          return given;
        },
        host,
        code: 'MSP_ARTIFACT_MISSING',
      },
      {
        name: 'a file that is no tar file',
        input: input({}),
        host: fakeHost({ programs: { 'systemd-nspawn': pretendNspawn(() => 2) } }),
        code: 'MSP_TOOL_FAILED',
      },
    ],
  },
  test,
);

test('what the file is called plays no part in the key', () => {
  const file = { artifact: `artifact:${'a'.repeat(64)}`, name: 'a', sizeBytes: 1, sha256: 'a'.repeat(64) };
  const given = { tree: 't', file, to: '/', unpack: true, mode: '0644' };
  expect(copyIn.identity?.(given)).toEqual(copyIn.identity?.({ ...given, mode: '0600', file: { ...file, name: 'b' } }));
});
