import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { SortedTable } from '../../../src/model/sorted-table.ts';

const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{0,8}$/u);

it('finds what a map of the same entries has, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word)), fc.array(word), (entries, others) => {
      const map = new Map(entries);
      const table = new SortedTable(SortedTable.linesOf(map));
      for (const name of [...map.keys(), ...others]) expect(table.find(name)).toBe(map.get(name) ?? null);
      expect(table.names()).toEqual([...map.keys()].sort());
    }),
  );
});

it('is empty when nothing is in it', () => {
  const table = new SortedTable(SortedTable.linesOf([]));
  expect([table.find('x'), table.names()]).toEqual([null, []]);
});
