import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of the plain files below a directory; 0 when there is none. */
export async function sizeOfFiles(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  const stats = await Promise.all(names.map((name) => lstat(join(directory, name)).catch(() => null)));
  return stats.reduce((sum, one) => sum + (one?.isFile() === true ? one.size : 0), 0);
}
