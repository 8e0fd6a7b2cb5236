import { describe, expect, it } from 'vitest';
import { findNeeded } from '../../../src/snapshots/collect-garbage.ts';
import type { SnapshotMeta } from '../../../src/snapshots/snapshot-meta.ts';

function metaOf(key: string, parent: string | null): SnapshotMeta {
  const rest = { driver: 'copy', createdAt: '', sizeBytes: 0, digest: '', parentDigest: null, stacked: false } as const;
  return { ...rest, key, parent };
}

describe('findNeeded', () => {
  const metas = [metaOf('a', null), metaOf('b', 'a'), metaOf('c', 'b'), metaOf('d', 'a'), metaOf('e', 'gone')];

  it('keeps roots and all their ancestors', () => {
    expect([...findNeeded(metas, ['c'])].toSorted()).toEqual(['a', 'b', 'c']);
    expect([...findNeeded(metas, [])]).toEqual([]);
    expect([...findNeeded(metas, ['d', 'e'])].toSorted()).toEqual(['a', 'd', 'e', 'gone']);
  });

  it('ends on a ring of parents', () => {
    expect([...findNeeded([metaOf('x', 'y'), metaOf('y', 'x')], ['x'])].toSorted()).toEqual(['x', 'y']);
  });
});
