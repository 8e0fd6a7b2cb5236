import { describe, expect, it } from 'vitest';
import { decodeMeta, encodeMeta, isMeasured, type SnapshotMeta } from '../../../src/snapshots/snapshot-meta.ts';

const key = 'a'.repeat(64);
const meta: SnapshotMeta = {
  key,
  parent: null,
  driver: 'copy',
  createdAt: '2026-11-22T21:00:00.000Z',
  sizeBytes: 4096,
  digest: 'b'.repeat(64),
  parentDigest: null,
  stacked: false,
};

function codeOf(text: string, wantedKey = key, driver: 'copy' | 'btrfs' = 'copy'): unknown {
  try {
    decodeMeta(text, wantedKey, driver);
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return null;
}

describe('the record of a snapshot', () => {
  it('comes back as it was written', () => {
    expect(decodeMeta(encodeMeta(meta), key, 'copy')).toEqual(meta);
  });

  it('need not hold what is measured later', () => {
    const { digest: _digest, parentDigest: _parent, sizeBytes: _size, ...known } = meta;
    const unmeasured = { ...known, unsyncedIn: '00000000-0000-0000-0000-000000000000' };
    const decoded = decodeMeta(encodeMeta(unmeasured), key, 'copy');
    expect(decoded).toEqual(unmeasured);
    expect([isMeasured(decoded), isMeasured(meta)]).toEqual([false, true]);
  });

  it('is refused when any character was changed, or cut off', () => {
    const text = encodeMeta(meta);
    for (let at = 0; at < text.trimEnd().length; at += 1) {
      if (/\s/u.test(text[at] ?? ' ')) continue;
      const changed = `${text.slice(0, at)}${text[at] === '7' ? '8' : '7'}${text.slice(at + 1)}`;
      expect(codeOf(changed), changed).toBe('MSP_SNAPSHOT_DAMAGED');
      expect(codeOf(text.slice(0, at)), `cut at ${at}`).toBe('MSP_SNAPSHOT_DAMAGED');
    }
  });

  it('is refused beside another key or driver, and when it is other JSON', () => {
    expect(codeOf(encodeMeta(meta), 'c'.repeat(64))).toBe('MSP_SNAPSHOT_DAMAGED');
    expect(codeOf(encodeMeta(meta), key, 'btrfs')).toBe('MSP_SNAPSHOT_DAMAGED');
    for (const text of ['', '[]', 'null', '7', '{}']) expect(codeOf(text)).toBe('MSP_SNAPSHOT_DAMAGED');
  });
});
