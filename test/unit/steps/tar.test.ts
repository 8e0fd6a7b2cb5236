import { expect, test } from 'vitest';
import { tar } from '../../../src/steps/tar.ts';
import { fakeHost, prints, testStep, type Program, type World } from '../../../src/testing.ts';
import { artifactOf } from './tree-fixture.ts';

/** Writes its own arguments, less what is by chance. */
const packs: Program = function* packs({ args, world }) {
  const file = args.find((word) => word.startsWith('--file='))?.slice('--file='.length) ?? '';
  world.put({ [file]: 'half' });
  yield;
  world.put({ [file]: 'packed' });
};
const zstd = prints();
const input =
  <More extends object>(more: More) =>
  (world: World) => ({ tree: world.tree({ '/etc/motd': 'x' }), ...more });
const lastArguments = (world: World): readonly string[] => world.commands.at(-1)?.args ?? [];

testStep(
  tar,
  {
    accepts: [
      {
        name: 'a tree',
        input: input({ epoch: 7, exclude: ['boot/*'] }),
        host: fakeHost({ programs: { tar: packs, zstd } }),
        output: { file: artifactOf('rootfs.tar.zst', 'packed') },
        after: (world) => {
          const args = lastArguments(world);
          expect(args).toEqual(
            expect.arrayContaining([
              '--sort=name',
              '--numeric-owner',
              '--mtime=@7',
              '--clamp-mtime',
              '--exclude=./boot/*',
            ]),
          );
          expect(args.find((word) => word.startsWith('--use-compress'))).toMatch(/=zstd /u);
          expect(args.slice(args.indexOf('--'))).toEqual(['--', '.']);
        },
      },
      {
        name: 'without compression',
        input: input({ name: 'a.tar' }),
        host: fakeHost({ programs: { tar: packs } }),
        output: { file: artifactOf('a.tar', 'packed') },
        after: (world) => expect(lastArguments(world).join(' ')).not.toMatch(/compress/u),
      },
    ],
    refuses: [
      { name: 'another ending', input: { tree: 'x', name: 'a.tgz' }, at: 'name' },
      { name: 'a path', input: { tree: 'x', name: '../a.tar' }, at: 'name' },
      { name: 'an absolute path to leave out', input: { tree: 'x', exclude: ['/etc'] }, at: 'exclude.0' },
    ],
    fails: [
      {
        name: 'no compressor',
        input: input({ name: 'a.tar.xz' }),
        host: fakeHost({ programs: { tar: packs } }),
        code: 'MSP_TOOL_MISSING',
      },
      { name: 'a tree that is gone', input: { tree: 'f'.repeat(64) }, code: 'MSP_SNAPSHOT_MISSING' },
    ],
  },
  test,
);
