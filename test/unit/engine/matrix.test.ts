import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellStepId, expandMatrix, plainId } from '../../../src/engine/matrix.ts';
import type { Json } from '../../../src/engine/step.ts';

type Values = Readonly<Record<string, Json>>;

function ids(axes: Record<string, Json[]>, include: Values[] = [], exclude: Values[] = []): readonly string[] {
  return expandMatrix({ axes, include, exclude }).map(({ id }) => id);
}

describe('cells of a matrix', () => {
  it('are all combinations, the last axis first', () => {
    expect(ids({ image: ['a', 'b'], arch: ['x', 'y'] })).toEqual(['a+x', 'a+y', 'b+x', 'b+y']);
  });

  it('are without those that an exclude fits', () => {
    const axes = { image: ['a', 'b'], arch: ['x', 'y'] };
    expect(ids(axes, [], [{ image: 'a', arch: 'y' }])).toEqual(['a+x', 'b+x', 'b+y']);
    expect(ids(axes, [], [{ image: 'a' }])).toEqual(['b+x', 'b+y']);
    expect(ids(axes, [], [{ image: 'c' }])).toHaveLength(4);
  });

  // The example of GitHub's documentation.
  it('get what an include adds, where it changes no axis', () => {
    const cells = expandMatrix({
      axes: { fruit: ['apple', 'pear'], animal: ['cat', 'dog'] },
      include: [
        { color: 'green' },
        { color: 'pink', animal: 'cat' },
        { fruit: 'apple', shape: 'circle' },
        { fruit: 'banana' },
        { fruit: 'banana', animal: 'cat' },
      ],
      exclude: [],
    });
    const none = { color: null, shape: null };
    expect(cells.map(({ values }) => values)).toEqual([
      { fruit: 'apple', animal: 'cat', color: 'pink', shape: 'circle' },
      { fruit: 'apple', animal: 'dog', color: 'green', shape: 'circle' },
      { fruit: 'pear', animal: 'cat', color: 'pink', shape: null },
      { fruit: 'pear', animal: 'dog', color: 'green', shape: null },
      { fruit: 'banana', animal: null, ...none },
      { fruit: 'banana', animal: 'cat', ...none },
    ]);
    expect(cells.at(-1)?.id).toBe('banana+cat');
  });

  it('may be made of includes alone', () => {
    expect(ids({}, [{ image: 'a' }, { image: 'b', note: 'old' }])).toEqual(['a', 'b+old']);
  });

  it('are one where they are the same', () => {
    expect(ids({ image: ['a', 'a'] })).toEqual(['a']);
  });

  it('have ids that are names of files, and each its own', () => {
    expect(ids({ x: ['a/b', 'a b', 'ü', { os: 'deb', n: 1 }, [1, 2], null, true] })).toEqual([
      ...['a-b', 'a-b~2', '-', 'deb-1', '1-2', 'cell', 'true'],
    ]);
    expect(ids({ x: ['y'.repeat(300)] })[0]).toHaveLength(59);
  });

  it('are not too many', () => {
    const many = Array.from({ length: 40 }, (_, index) => index);
    expect(() => ids({ a: many, b: many })).toThrow(RangeError);
    expect(ids({ a: many, b: many.slice(0, 25) })).toHaveLength(1000);
  });
});

const word = fc.constantFrom('a', 'b', 'c', 'd/e', 'd e', '1');
const axes = fc.dictionary(fc.constantFrom('p', 'q', 'r'), fc.uniqueArray(word, { minLength: 1, maxLength: 4 }));
const part = fc.dictionary(fc.constantFrom('p', 'q', 'r', 's'), word, { minKeys: 1 });

describe('any matrix', () => {
  it('has unique ids that are short names of files, and every name in every cell', () => {
    fc.assert(
      fc.property(
        axes,
        fc.array(part, { maxLength: 4 }),
        fc.array(part, { maxLength: 4 }),
        (given, include, exclude) => {
          const cells = expandMatrix({ axes: given, include, exclude });
          expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
          const names = [...new Set(cells.flatMap(({ values }) => Object.keys(values)))].toSorted();
          for (const { id, values } of cells) {
            expect(id).toMatch(/^[\w.+~-]{1,64}$/u);
            expect(Object.keys(values).toSorted()).toEqual(names);
            expect(plainId({ id: cellStepId('step', id), cell: id })).toBe('step');
          }
        },
      ),
    );
  });

  it('without includes is the product without what is excluded, each combination once', () => {
    fc.assert(
      fc.property(axes, fc.array(part, { maxLength: 4 }), (given, exclude) => {
        const cells = expandMatrix({ axes: given, include: [], exclude });
        const size = Object.values(given).reduce((product, values) => product * values.length, 1);
        const isOut = (values: Values): boolean =>
          exclude.some((one) => Object.entries(one).every(([name, value]) => values[name] === value));
        expect(cells.some(({ values }) => isOut(values))).toBe(false);
        if (exclude.length === 0) expect(cells).toHaveLength(Object.keys(given).length === 0 ? 0 : size);
        for (const { values } of cells)
          for (const [name, value] of Object.entries(values)) expect(given[name]).toContain(value);
      }),
    );
  });

  it('keeps the values of its axes whatever is included', () => {
    fc.assert(
      fc.property(axes, fc.array(part, { maxLength: 5 }), (given, include) => {
        const plain = expandMatrix({ axes: given, include: [], exclude: [] });
        const full = expandMatrix({ axes: given, include, exclude: [] });
        for (const [index, { values }] of plain.entries()) expect(full[index]?.values).toMatchObject(values);
        expect(full.length).toBeLessThanOrEqual(plain.length + include.length);
      }),
    );
  });
});
