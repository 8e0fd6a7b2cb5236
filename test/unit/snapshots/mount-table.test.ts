import { describe, expect, it } from 'vitest';
import { mountOf, mountsBelow, parseMountTable } from '../../../src/snapshots/mount-table.ts';

const table = parseMountTable(
  [
    '1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
    '2 1 0:5 / /proc rw shared:2 master:1 - proc proc rw',
    String.raw`3 1 0:40 / /srv/with\040blank rw - tmpfs tmpfs rw`,
    '4 1 0:41 /sub /srv/tree rw - btrfs /dev/loop0 rw',
    '5 4 0:42 / /srv/tree/proc rw - proc proc rw',
    '6 1 0:43 / /srv/tree-two rw - xfs /dev/loop1 rw',
    '7 1 0:44 / /srv/tree-two rw - ext4 /dev/loop2 rw',
    '',
  ].join('\n'),
);

describe('the mount table', () => {
  it('reads paths, types and devices', () => {
    expect(table).toHaveLength(7);
    expect(table[1]).toEqual({ path: '/proc', fileSystem: 'proc', device: '0:5' });
    expect(table[2]?.path).toBe('/srv/with blank');
  });

  it('tells what is below a path from what only begins like it', () => {
    expect(mountsBelow(table, '/srv/tree')).toEqual(['/srv/tree/proc']);
    expect(mountsBelow(table, '/srv/tre')).toEqual([]);
    expect(mountsBelow(table, '/')).toHaveLength(6);
  });

  it('finds the topmost mount that holds a path', () => {
    expect(mountOf(table, '/srv/tree/a')?.device).toBe('0:41');
    expect(mountOf(table, '/srv/tree-two/a')?.device).toBe('0:44');
    expect(mountOf(table, '/srv/treeless')?.device).toBe('8:1');
  });
});
