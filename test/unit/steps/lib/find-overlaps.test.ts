import { expect, it } from 'vitest';
import { findOverlaps } from '../../../../src/steps/lib/find-overlaps.ts';
import type { SelectedPackage } from '../../../../src/model/package-selection.ts';

const deb = (...paths: readonly string[]) => ({
  controlFiles: [],
  directories: {},
  conffiles: {},
  sizeBytes: 0,
  paths,
});
const selected = (name: string, stage: SelectedPackage['stage']) => [name, { name, stage } as SelectedPackage] as const;

it('finds the package that dpkg has to unpack itself: the one that comes later to a file that is taken', () => {
  const unpacked = new Map([
    ['a', deb('/.', '/usr/', '/usr/bin/', '/usr/bin/x')],
    ['b', deb('/.', '/bin/', '/bin/x')],
    ['c', deb('/.', '/usr/', '/usr/share/y')],
  ]);
  const byName = new Map([selected('a', 'include'), selected('b', 'base'), selected('c', 'base')]);
  const { losers, winners } = findOverlaps(unpacked, byName);
  expect(losers).toEqual(['a']);
  expect(winners.map(({ name }) => name)).toEqual(['b']);
});
