import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDebVersions, isDebVersion } from '../../../src/model/deb-version.ts';

const version = fc
  .tuple(
    fc.option(fc.integer({ min: 0, max: 12 }), { nil: null }),
    fc.stringMatching(/^[0-9][0-9a-cA-C.+~]{0,7}$/u),
    fc.option(fc.stringMatching(/^[0-9a-c.+~]{1,5}$/u), { nil: null }),
  )
  .map(
    ([epoch, upstream, revision]) =>
      `${epoch === null ? '' : `${epoch}:`}${upstream}${revision === null ? '' : `-${revision}`}`,
  );

describe('versions', () => {
  it.each([
    ['1', '2'],
    ['9', '10'],
    ['1.0~rc1', '1.0'],
    ['1.0~~', '1.0~'],
    ['1.0', '1.0a'],
    ['1.0a', '1.0+b'],
    ['1.0', '1.0-1'],
    ['2.0', '1:0.1'],
    ['1.0-1', '1.0-1+deb12u1'],
    ['0.20200101000000000000000001', '0.20200101000000000000000002'],
    ['1.0-a', '1.0-b'],
    ['1-2-3', '1-3-1'],
  ])('%s is older than %s', (older, newer) => {
    expect(compareDebVersions(older, newer)).toBeLessThan(0);
    expect(compareDebVersions(newer, older)).toBeGreaterThan(0);
  });

  it.each([
    ['1.0', '1.00'],
    ['0:1', '1'],
    ['1.0', '1.0-0'],
    ['1.a', '1.a0'],
  ])('%s and %s are equal', (a, b) => {
    expect(compareDebVersions(a, b)).toBe(0);
  });

  it('stand as dpkg has them', () => {
    const pairs = fc.sample(fc.tuple(version, version), { numRuns: 400, seed: 5 });
    // One shell for all: a process for each pair takes seconds.
    const script =
      'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done';
    const { stdout, stderr } = spawnSync('sh', ['-c', script], {
      input: pairs.map(([a, b]) => `${a} ${b}\n`).join(''),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const ours = pairs.map(([a, b]) => `${a} ${b} ${Math.sign(compareDebVersions(a, b))}`);
    const theirs = stdout.trimEnd().split('\n');
    expect(ours).toEqual(pairs.map(([a, b], index) => `${a} ${b} ${theirs[index]}`));
  });

  it('are in one order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareDebVersions(a, b))).toBe(0 - Math.sign(compareDebVersions(b, a)));
        const [first = '', second = '', third = ''] = [a, b, c].toSorted(compareDebVersions);
        expect(compareDebVersions(first, second)).toBeLessThanOrEqual(0);
        expect(compareDebVersions(second, third)).toBeLessThanOrEqual(0);
        expect(compareDebVersions(first, third)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it.each(['', ' 1', '1 2', '1_2', 'x y', '1:'])('%j is none', (text) => {
    expect(isDebVersion(text)).toBe(false);
  });

  it.each(['1', '1:2.3-4', '0~', '1.0-1+deb12u1', '2:1:3-4'])('%j is one', (text) => {
    expect(isDebVersion(text)).toBe(true);
  });
});
