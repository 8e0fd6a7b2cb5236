import { expect, test } from 'vitest';
import { locale } from '../../../src/steps/locale.ts';
import { fakeHost, testStep, type FileSpec, type World } from '../../../src/testing.ts';
import { pretendNspawn } from './nspawn-fixture.ts';
import { isIn, made, textIn } from './tree-fixture.ts';

const supported = 'de_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\nsr_RS@latin UTF-8\n';
const host = fakeHost({
  programs: {
    'systemd-nspawn': pretendNspawn(({ tree, world }) => world.put({ '/usr/lib/locale/locale-archive': 'made' }, tree)),
  },
});
const input =
  <More extends object>(more: More, files: Record<string, FileSpec> = { '/usr/share/i18n/SUPPORTED': supported }) =>
  (world: World) => ({ tree: world.tree(files), ...more });
const output = (generated: number) => (world: World) => ({ tree: made(world), generated });

testStep(
  locale,
  {
    accepts: [
      {
        name: 'what every C library has',
        input: input({ lang: 'C.UTF-8' }, { '/etc/default/keyboard': '' }),
        output: output(0),
        after: (world) => {
          expect(textIn(world, '/etc/default/locale')).toBe('LANG=C.UTF-8\n');
          expect(isIn(world, '/etc/locale.conf')).toBe(false);
          expect(world.commands).toEqual([]);
        },
      },
      {
        name: 'two that are generated',
        input: input({ lang: 'de_DE.UTF-8', more: ['sr_RS@latin', 'de_DE.UTF-8'], epoch: 5 }),
        host,
        output: output(2),
        after: (world) => {
          expect(textIn(world, '/etc/locale.gen')).toBe('de_DE.UTF-8 UTF-8\nsr_RS@latin UTF-8\n');
          expect(textIn(world, '/usr/lib/locale/locale-archive')).toBe('made');
          expect(textIn(world, '/etc/default/locale')).toBe('LANG=de_DE.UTF-8\n');
        },
      },
      {
        name: "a system with systemd's file",
        input: input(
          { lang: 'C' },
          { '/etc/locale.conf': 'LANG=x\n', '/etc/default/locale': { link: '../locale.conf' } },
        ),
        output: output(0),
        after: (world) => {
          expect(textIn(world, '/etc/locale.conf')).toBe('LANG=C\n');
          expect(world.listing().get(`/var/cache/machinespawn/trees/${made(world)}/etc/default/locale`)).toBe(
            'symlink to ../locale.conf',
          );
        },
      },
    ],
    refuses: [{ name: 'two lines', input: { tree: 'x', lang: 'C\nLC_ALL=x' }, at: 'lang' }],
    fails: [
      { name: 'nothing to generate with', input: input({ lang: 'de_DE.UTF-8' }, {}), host, code: 'MSP_TREE_LACKS' },
      { name: 'a locale that there is not', input: input({ lang: 'de_XX.UTF-8' }), host, code: 'MSP_TREE_LACKS' },
    ],
  },
  test,
);
