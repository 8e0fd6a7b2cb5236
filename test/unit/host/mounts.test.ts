import { expect, test } from 'vitest';
import { findMountsWithin, mountsWithin, parseMountInfo } from '../../../src/host/mounts.ts';

const text = String.raw`22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /srv/a\040b rw,nosuid - tmpfs none rw
31 30 0:27 /sub /srv/a\040b/proc ro shared:2 master:1 - proc proc\134x rw
32 22 0:28 / /srv/ab rw - tmpfs none rw
garbage
`;

test('mountinfo is read with its escapes and optional fields', () => {
  const mounts = parseMountInfo(text);
  expect(mounts).toHaveLength(4);
  expect(mounts[2]).toEqual({
    path: '/srv/a b/proc',
    root: '/sub',
    device: '0:27',
    fsType: 'proc',
    source: String.raw`proc\x`,
    options: ['ro'],
  });
});

test('mounts within a path: itself and below, deepest first, no neighbours', () => {
  const mounts = parseMountInfo(text);
  expect(mountsWithin(mounts, '/srv/a b')).toEqual(['/srv/a b/proc', '/srv/a b']);
  expect(mountsWithin(mounts, '/srv/a')).toEqual([]);
  expect(mountsWithin(mounts, '/')).toHaveLength(4);
});

test('the mounts of this process', async () => {
  expect(await findMountsWithin('/proc')).toContain('/proc');
});
