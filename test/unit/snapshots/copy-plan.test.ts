import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CopyPlan, CopyScan } from '../../../src/snapshots/copy-plan.ts';

interface Entry {
  readonly path: string;
  readonly type?: string;
  readonly links?: number;
  readonly inode?: number;
  readonly blocks?: number;
}

function scanOf(entries: readonly Entry[]): string {
  return entries
    .map(({ path, type = 'f', links = 1, inode = 0, blocks = 8 }) => `${type} ${links} ${inode} ${blocks} ${path}\0`)
    .join('');
}

/** In pieces that end anywhere. */
function planCopy(text: string, pieceBytes = 7): CopyPlan | null {
  const scan = new CopyScan();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) scan.push(bytes.subarray(at, at + pieceBytes));
  return scan.plan();
}

function partOf(plan: CopyPlan, path: string): number {
  return plan.parts.findIndex((part) => part.flat().some((unit) => path === unit || path.startsWith(`${unit}/`)));
}

/** usr/lib and usr/share with files, as heavy as given. */
const wide: readonly Entry[] = [
  { path: 'usr', type: 'd' },
  { path: 'usr/lib', type: 'd' },
  { path: 'usr/share', type: 'd' },
  { path: 'etc', type: 'd' },
  ...Array.from({ length: 20 }, (_, at) => ({ path: `usr/lib/l${at}`, blocks: 1000, inode: 100 + at })),
  ...Array.from({ length: 20 }, (_, at) => ({ path: `usr/share/s${at}`, blocks: 1000, inode: 200 + at })),
  { path: 'etc/file', inode: 1 },
];

describe('planCopy', () => {
  it('cuts heavy directories and gives both parts about the same', () => {
    const plan = planCopy(scanOf(wide));
    expect(plan?.skeleton).toEqual(['usr', 'usr/lib', 'usr/share']);
    expect(plan?.parts.map((part) => part.length).toSorted()).toEqual([20, 21]);
    expect(plan?.parts.flat(2)).toContain('etc');
  });

  it('keeps hard links on one side, through chains of them', () => {
    const linked = wide.map((entry) =>
      ['usr/lib/l0', 'usr/share/s0', 'usr/lib/l5'].includes(entry.path) ? { ...entry, links: 3, inode: 7 } : entry,
    );
    const chained = linked.map((entry) => (entry.path === 'usr/lib/l9' ? { ...entry, links: 2, inode: 8 } : entry));
    const plan = planCopy(
      scanOf([...chained, { path: 'etc/far', links: 2, inode: 8 }, { path: 'etc/near', links: 3, inode: 7 }]),
    );
    if (plan === null) throw new TypeError('there is a plan for this tree');
    const sides = ['usr/lib/l0', 'usr/share/s0', 'usr/lib/l5', 'usr/lib/l9', 'etc/far'].map((path) =>
      partOf(plan, path),
    );
    expect(new Set(sides).size).toBe(1);
    expect(sides[0]).toBeGreaterThanOrEqual(0);
  });

  it('does not cut what one link holds together, what is one file, and what it cannot name', () => {
    const oneInode = wide.map((entry) => (entry.type === 'd' ? entry : { ...entry, links: 99, inode: 7 }));
    expect(planCopy(scanOf(oneInode))).toBeNull();
    expect(planCopy(scanOf([{ path: 'only' }]))).toBeNull();
    expect(planCopy('')).toBeNull();
    expect(planCopy(scanOf([...wide, { path: 'odd\uFFFD' }]))).toBeNull();
  });

  it('does not remember a tree that is flat without end', () => {
    const many = Array.from({ length: 110_000 }, (_, at) => ({ path: `data/f${at}` }));
    expect(planCopy(scanOf([...wide, { path: 'data', type: 'd' }, ...many]), 1 << 16)).toBeNull();
    const deep = many.map(({ path }, at) => ({ path: `usr/${at % 2 === 0 ? 'lib' : 'share'}/big/deep/${path}` }));
    const units = planCopy(scanOf([...wide, ...deep]), 1 << 16)?.parts.map((part) => part.flat());
    expect(units?.map((part) => part.filter((path) => path.endsWith('/big')).length)).toEqual([1, 1]);
  });

  it('takes every name with blanks and newlines for what it is', () => {
    const plan = planCopy(scanOf([...wide, { path: ' odd  name\n', type: 'd' }, { path: ' odd  name\n/in' }]));
    expect(plan?.parts.flat(2)).toContain(' odd  name\n');
  });

  it('puts every entry into exactly one part or the skeleton, whatever the tree', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const file = fc.record({
      names: fc.array(name, { minLength: 1, maxLength: 5 }),
      inode: fc.integer({ min: 1, max: 60 }),
      blocks: fc.integer({ min: 0, max: 5000 }),
    });
    fc.assert(
      fc.property(fc.array(file, { maxLength: 80 }), (files) => {
        const entries = new Map<string, Entry>();
        for (const { names, inode, blocks } of files) {
          names.slice(0, -1).forEach((_, at) => {
            const path = names
              .slice(0, at + 1)
              .map((word) => `${word}d`)
              .join('/');
            entries.set(path, { path, type: 'd' });
          });
          const path = [...names.slice(0, -1).map((word) => `${word}d`), names.at(-1) ?? ''].join('/');
          entries.set(path, { path, inode, blocks, links: 2 });
        }
        const plan = planCopy(scanOf([...entries.values()]));
        if (plan === null) return;
        const sideOf = new Map<number, number>();
        for (const { path, type, inode = 0 } of entries.values()) {
          const holders = plan.parts.flat(2).filter((unit) => path === unit || path.startsWith(`${unit}/`));
          expect(holders.length + (plan.skeleton.includes(path) ? 1 : 0)).toBe(1);
          if (type === 'd') continue;
          const side = partOf(plan, path);
          expect(sideOf.get(inode) ?? side).toBe(side);
          sideOf.set(inode, side);
        }
        for (const path of plan.skeleton) {
          const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
          expect(parent === '' || plan.skeleton.indexOf(parent) < plan.skeleton.indexOf(path)).toBe(true);
          expect(parent === '' || plan.skeleton.includes(parent)).toBe(true);
        }
      }),
    );
  });
});
