import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { scratchName, writeWhole } from './durable.ts';
import { errnoCode, unreadable, unwritable } from './file-error.ts';
import { fileInfo } from './file-info.ts';
import { removeTree } from './remove-tree.ts';
import { resolveInside } from './resolve-inside.ts';
import type { RunProgram } from './run-program.ts';
import type { FileInfo, RootFiles } from './services.ts';

/** No file that a step reads is larger; a tree may hold anything. */
const mostTextBytes = 64 * 1024 * 1024;
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Files of a root file system by their path inside it. Reading follows symlinks, inside the root only; writing replaces a
 * last symlink. Writes are whole, but durable only by the commit of the tree.
 * Failures are MSP_FILE_UNREADABLE, MSP_FILE_UNWRITABLE, MSP_DISK_FULL.
 */
export class TreeFiles implements RootFiles {
  readonly path: string;
  readonly #run: RunProgram;

  constructor(path: string, run: RunProgram) {
    this.path = path;
    this.#run = run;
  }

  async resolve(path: string): Promise<string> {
    return await resolveInside(this.path, path, { followLast: true });
  }

  async readText(path: string): Promise<string | null> {
    return (await this.#read(path, mostTextBytes, true))?.toString('utf8') ?? null;
  }

  async readStart(path: string, bytes: number): Promise<Buffer | null> {
    return await this.#read(path, bytes, false);
  }

  async info(path: string): Promise<FileInfo | null> {
    return await fileInfo(await resolveInside(this.path, path, { followLast: false }));
  }

  async list(directory: string): Promise<readonly string[]> {
    const place = await resolveInside(this.path, directory, { followLast: true });
    try {
      return (await readdir(place)).toSorted();
    } catch (error) {
      if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return [];
      throw unreadable(place, error);
    }
  }

  async writeText(path: string, text: string, options: { readonly mode?: number } = {}): Promise<void> {
    await this.#write(path, (place) => writeWhole(place, text, { mode: options.mode ?? 0o644, durable: false }));
  }

  /** What is at `path` is replaced, unless it is a directory. */
  async symlink(path: string, target: string): Promise<void> {
    await this.#write(path, async (place) => {
      const scratch = scratchName(place);
      await symlink(target, scratch);
      try {
        await rename(scratch, place);
      } catch (error) {
        await rm(scratch, { force: true });
        throw error;
      }
    });
  }

  async remove(path: string): Promise<void> {
    const place = await resolveInside(this.path, path, { followLast: false });
    if (place === this.path) throw fail('MSP_FILE_UNWRITABLE', { path: place, problem: 'it is the root itself' });
    const info = await fileInfo(place);
    if (info === null) return;
    if (info.type === 'directory') {
      // An empty one goes at once, even when no program may be started any more.
      if (await isRemovedEmpty(place)) return;
      return await removeTree(this.#run, place);
    }
    await rm(place).catch((error: unknown) => {
      throw unwritable(place, error);
    });
  }

  /** A directory that is there keeps its mode, unless one is given. */
  async makeDirectory(path: string, options: { readonly mode?: number } = {}): Promise<void> {
    const place = await resolveInside(this.path, path, { followLast: true });
    try {
      await mkdir(place, { recursive: true, mode: 0o755 });
      if (options.mode !== undefined) await chmod(place, options.mode);
    } catch (error) {
      throw unwritable(place, error);
    }
  }

  async #read(path: string, bytes: number, isWhole: boolean): Promise<Buffer | null> {
    const place = await resolveInside(this.path, path, { followLast: true });
    try {
      const handle = await open(place, readFlags);
      try {
        const stats = await handle.stat();
        if (!stats.isFile()) throw fail('MSP_FILE_UNREADABLE', { path: place, problem: 'it is not a regular file' });
        if (isWhole && stats.size > bytes)
          throw fail('MSP_FILE_UNREADABLE', { path: place, problem: `it is larger than ${bytes} bytes` });
        const buffer = Buffer.alloc(Math.min(bytes, stats.size));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return null;
      throw unreadable(place, error);
    }
  }

  async #write(path: string, write: (place: string) => Promise<void>): Promise<void> {
    const place = await resolveInside(this.path, path, { followLast: false });
    if (place === this.path) throw fail('MSP_FILE_UNWRITABLE', { path: place, problem: 'it is the root itself' });
    try {
      await mkdir(dirname(place), { recursive: true, mode: 0o755 });
      await write(place);
    } catch (error) {
      throw unwritable(place, error);
    }
  }
}

function isRemovedEmpty(directory: string): Promise<boolean> {
  return rmdir(directory).then(
    () => true,
    () => false,
  );
}
