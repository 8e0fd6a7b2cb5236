import { expect, test } from 'vitest';
import { slim } from '../../../src/steps/slim.ts';
import { fakeHost, testStep, type FileSpec, type Program, type World } from '../../../src/testing.ts';
import { isIn, made, textIn } from './tree-fixture.ts';

const files: Record<string, FileSpec> = {
  '/usr/share/doc/bash/copyright': 'c',
  '/usr/share/doc/bash/changelog.gz': 'x',
  '/usr/share/doc/bash/examples/a': 'x',
  '/usr/share/doc/sister': { link: 'bash' },
  '/usr/share/man/man1/bash.1.gz': 'x',
  '/usr/share/man/de/man1/bash.1.gz': 'x',
  '/usr/share/info/bash.info.gz': 'x',
  '/usr/share/locale/de/LC_MESSAGES/bash.mo': 'x',
  '/usr/share/locale/pt_BR/LC_MESSAGES/bash.mo': 'x',
  '/usr/share/locale/locale.alias': 'x',
  '/usr/share/lintian': { link: '/usr/share/precious' },
  '/usr/share/precious/a': 'x',
  '/var/lib/apt/lists/x_Packages': 'x',
  '/var/lib/dpkg/status': 's',
  '/var/lib/dpkg/status-old': 'x',
  '/bin/sh': 'x',
};
/** The first measure is of before, the second of after. */
const du: Program = function* du({ args, print, world }) {
  yield;
  const path = `${args.at(-1)}/usr/share/doc/bash/changelog.gz`;
  print(`${world.has(path) ? 5000 : 1200}\t/tree`);
};
const host = fakeHost({ programs: { du } });
const input =
  <More extends object>(more: More) =>
  (world: World) => ({ tree: world.tree(files), ...more });
const output = (sizeBytes: number) => (world: World) => ({
  tree: made(world),
  sizeBytes,
  freedBytes: 5000 - sizeBytes,
});
const gone = (world: World) => Object.keys(files).filter((path) => !isIn(world, path));

testStep(
  slim,
  {
    accepts: [
      {
        name: 'everything that may go',
        input: input({}),
        host,
        output: output(1200),
        after: (world) => {
          expect(gone(world)).toEqual([
            '/usr/share/doc/bash/changelog.gz',
            '/usr/share/doc/bash/examples/a',
            '/usr/share/man/man1/bash.1.gz',
            '/usr/share/man/de/man1/bash.1.gz',
            '/usr/share/info/bash.info.gz',
            '/usr/share/locale/de/LC_MESSAGES/bash.mo',
            '/usr/share/locale/pt_BR/LC_MESSAGES/bash.mo',
            // Behind a link of the tree, which stays in it.
            '/usr/share/precious/a',
            '/var/lib/apt/lists/x_Packages',
            '/var/lib/dpkg/status-old',
          ]);
          expect(isIn(world, '/usr/share/man/man1')).toBe(true);
          expect(isIn(world, '/etc/dpkg')).toBe(false);
        },
      },
      {
        name: 'some languages stay, and later packages are slim, too',
        input: input({ documentation: false, keep: ['pt'], later: true }),
        host,
        output: output(5000),
        after: (world) => {
          expect(gone(world)).toEqual([
            '/usr/share/locale/de/LC_MESSAGES/bash.mo',
            '/var/lib/apt/lists/x_Packages',
            '/var/lib/dpkg/status-old',
          ]);
          expect(textIn(world, '/etc/dpkg/dpkg.cfg.d/machinespawn-slim')).toBe(
            'path-exclude=/usr/share/locale/*\npath-include=/usr/share/locale/locale.alias\npath-include=/usr/share/locale/pt*/*\n',
          );
        },
      },
    ],
    refuses: [{ name: 'a language with a path', input: { tree: 'x', keep: ['../x'] }, at: 'keep.0' }],
    fails: [{ name: 'a tree that is gone', input: { tree: 'f'.repeat(64) }, host, code: 'MSP_SNAPSHOT_MISSING' }],
  },
  test,
);
