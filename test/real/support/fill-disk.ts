import { spawnSync } from 'node:child_process';
import { statfsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const MiB = 1024 * 1024;

/** Leaves little space in the file system of `path`, which becomes a large file. A build goes on writing meanwhile. */
export function fillDisk(path: string): void {
  writeFileSync(path, '');
  for (const leftMiB of [24, 64, 128]) {
    const { bavail, bsize } = statfsSync(dirname(path));
    const bytes = bavail * bsize - leftMiB * MiB;
    if (bytes <= 0 || spawnSync('fallocate', ['-l', String(bytes), path]).status === 0) return;
  }
  throw new TypeError(`${path} cannot be made large`);
}
