import { expect, test } from 'vitest';
import { TreeLinks } from '../../../src/model/tree-links.ts';

const links = (): TreeLinks =>
  new TreeLinks([
    ['lib', 'usr/lib'],
    ['var/run', '/run'],
    ['run/lock', '/var/lock'],
    ['var/lock', '../run/real'],
    ['a/up', '../../../etc'],
    ['top', '/'],
    ['loop', 'loop'],
  ]);

test.each([
  ['usr/lib/x', null],
  ['', null],
  ['loop/x', null],
  ['lib/x', { place: 'usr/lib/x', detour: null }],
  ['var/lock/x', { place: 'run/real/x', detour: null }],
  ['var/run', { place: 'run', detour: { from: 'var/run', to: 'run' } }],
  ['var/run/a/b', { place: 'run/a/b', detour: { from: 'var/run', to: 'run' } }],
  ['./var//run/lock/x', { place: 'run/real/x', detour: { from: 'var/run/lock', to: 'run/real' } }],
  // The parent of the root is the root.
  ['a/up/x', { place: 'etc/x', detour: { from: 'a/up', to: 'etc' } }],
  ['top/lib/x', { place: 'usr/lib/x', detour: { from: 'top', to: '' } }],
])('the way %s', (path, way) => expect(links().follow(path)).toEqual(way));

test('what is replaced leads nowhere any more', () => {
  const some = links();
  some.forget('var/run');
  expect(some.follow('var/run/x')).toBe(null);
});
