import { describe, expect, it } from 'vitest';
import { parseRelations, relationText, versionFits } from '../../../src/model/package-relation.ts';

const shown = (field: string): unknown =>
  parseRelations(field)?.map((clause) => clause.map(relationText).join(' | ')) ?? null;

describe('relations', () => {
  it.each([
    ['', []],
    ['libc6', ['libc6']],
    ['libc6 (>= 2.36), mawk | awk', ['libc6 (>= 2.36)', 'mawk | awk']],
    ['libc6(>=2.36)', ['libc6 (>= 2.36)']],
    ['python3:any (>= 3.11~),', ['python3:any (>= 3.11~)']],
    ['perl:native, libfoo1:amd64', ['perl:native', 'libfoo1:amd64']],
    ['a (<< 1), b (<= 1), c (= 1:2-3), d (>> 1)', ['a (<< 1)', 'b (<= 1)', 'c (= 1:2-3)', 'd (>> 1)']],
    ['old (< 1), older (> 1)', ['old (<= 1)', 'older (>= 1)']],
    ['g++, libstdc++-12-dev', ['g++', 'libstdc++-12-dev']],
  ])('%j', (field, clauses) => {
    expect(shown(field)).toEqual(clauses);
  });

  it.each(['libc6 (>= )', 'libc6 (>= 2.36', 'Libc6', 'a |', 'a b', 'a (!= 1)', 'a (= 1 2)', '../etc', 'a [amd64]'])(
    '%j is damaged',
    (field) => {
      expect(parseRelations(field)).toBeNull();
    },
  );

  it.each([
    ['1.0', '<<', '1.1', true],
    ['1.1', '<<', '1.1', false],
    ['1.1', '<=', '1.1', true],
    ['1.1', '=', '1.1-0', true],
    ['1.0~rc1', '>=', '1.0', false],
    ['1:0.5', '>>', '2.0', true],
    ['2.0', '>>', '2.0', false],
  ] as const)('%s %s %s: %s', (version, operator, than, fits) => {
    expect(versionFits(version, { operator, than })).toBe(fits);
  });
});
