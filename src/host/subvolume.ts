import { stat, statfs } from 'node:fs/promises';

/** What statfs(2) says of a btrfs. */
export const btrfsMagic = 0x9123683e;

/** The top of every subvolume has this inode number, and nothing else in btrfs has. */
export const subvolumeInode = 256;

/** Is the directory a btrfs subvolume of its own? A symlink is followed. */
export async function isSubvolume(path: string): Promise<boolean> {
  const stats = await stat(path);
  return stats.isDirectory() && stats.ino === subvolumeInode && (await statfs(path)).type === btrfsMagic;
}
