import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A name beside `path` that nobody else uses. tmpfiles.d removes such names in the machines directory at boot. */
export const scratchName = (path: string): string =>
  join(dirname(path), `.#machinespawn-${randomBytes(6).toString('hex')}`);

/** Writes a file whole or not at all. A last symlink is replaced, not followed. Throws system errors. */
export async function writeWhole(
  path: string,
  text: string | Iterable<string | Uint8Array>,
  options: { readonly mode: number; readonly durable: boolean },
): Promise<void> {
  const scratch = scratchName(path);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(scratch, flags, options.mode);
  try {
    try {
      await handle.writeFile(text);
      await handle.chmod(options.mode);
      if (options.durable) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(scratch, path);
  } catch (error) {
    await rm(scratch, { force: true });
    throw error;
  }
  if (options.durable) await syncDirectory(dirname(path));
}
