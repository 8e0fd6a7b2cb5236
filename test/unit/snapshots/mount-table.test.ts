import { expect, it } from 'vitest';
import { parseMountInfo } from '../../../src/host/mounts.ts';
import { mountOf } from '../../../src/snapshots/mount-table.ts';

const table = parseMountInfo(
  [
    '1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
    '4 1 0:41 /sub /srv/tree rw - btrfs /dev/loop0 rw',
    '5 4 0:42 / /srv/tree/proc rw - proc proc rw',
    '6 1 0:43 / /srv/tree-two rw - xfs /dev/loop1 rw',
    '7 1 0:44 / /srv/tree-two rw - ext4 /dev/loop2 rw',
    '',
  ].join('\n'),
);

it('finds the topmost mount that holds a path', () => {
  expect(mountOf(table, '/srv/tree/a')?.device).toBe('0:41');
  expect(mountOf(table, '/srv/tree/proc')?.device).toBe('0:42');
  expect(mountOf(table, '/srv/tree-two/a')?.device).toBe('0:44');
  expect(mountOf(table, '/srv/treeless')?.device).toBe('8:1');
});
