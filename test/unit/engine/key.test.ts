import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, diffIdentity, stepKey } from '../../../src/engine/key.ts';
import type { Json } from '../../../src/engine/step.ts';

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);

/** The same value with the fields of every object in another order. */
function turned(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(turned);
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, field]) => [name, turned(field)]),
  );
}

describe('canonical JSON', () => {
  it('reads back as the same value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
      }),
    );
  });

  it('does not depend on the order of fields', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(turned(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('is the same only for the same value', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        let same = true;
        try {
          expect(a).toStrictEqual(b);
        } catch {
          same = false;
        }
        expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
      }),
    );
  });

  it('leaves out what is undefined, and writes numbers as they are', () => {
    expect(canonicalJson({ b: 1e21, a: undefined, c: [0.1, -0, 5e-324] })).toBe('{"b":1e+21,"c":[0.1,0,5e-324]}');
  });

  it.each([[Number.NaN], [Infinity], [1n], [Symbol('x')], [() => 1], [new Date(0)], [new Map()], [[undefined]]])(
    'refuses %s',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    },
  );
});

describe('key of a step', () => {
  const parts = { type: 'paint', version: 1, identity: { thing: 'x' } };

  it('stays as it is from release to release', () => {
    expect(stepKey(parts)).toMatchInlineSnapshot(`"6469d261c6daabc6a81f9e0610aae44ec0cd7d630067054f269a8401dc853e2b"`);
  });

  it('changes with each part', () => {
    const keys = [
      parts,
      { ...parts, type: 'echo' },
      { ...parts, version: 2 },
      { ...parts, identity: { thing: 'y' } },
    ].map(stepKey);
    expect(new Set(keys).size).toBe(4);
  });

  it('is the same exactly when nothing differs', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(diffIdentity(a, b).length === 0).toBe(canonicalJson(a) === canonicalJson(b));
        expect(diffIdentity(a, turned(a))).toEqual([]);
      }),
    );
  });

  it('names the innermost places that differ', () => {
    const before = { suite: 'trixie', archive: { digest: 'a', url: 'u' }, packages: ['x', 'y'] };
    const after = { suite: 'trixie', archive: { digest: 'b', url: 'u' }, packages: ['x'], arch: 'amd64' };
    expect(diffIdentity(before, after)).toEqual([
      { path: 'arch', before: null, after: 'amd64' },
      { path: 'archive.digest', before: 'a', after: 'b' },
      { path: 'packages.1', before: 'y', after: null },
    ]);
  });
});
