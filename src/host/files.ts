import { randomUUID } from 'node:crypto';
import { chmod, link, lstat, mkdir, readdir, readFile, rename, rm, statfs, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { syncDirectory, writeWhole } from './durable.ts';
import { errnoCode, unreadable, unwritable } from './file-error.ts';
import { digestFile, fileDigest } from './file-digest.ts';
import { fileInfo } from './file-info.ts';
import { removeTree } from './remove-tree.ts';
import type { RunProgram } from './run-program.ts';
import type { Digested, TakeInputOptions } from './net-services.ts';
import type { FileInfo, Files } from './services.ts';

/** Files by absolute path of the host. Failures are MSP_FILE_UNREADABLE, MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
export class HostFiles implements Files {
  readonly #run: RunProgram;
  readonly #signal: AbortSignal;

  constructor(run: RunProgram, signal: AbortSignal = new AbortController().signal) {
    this.#run = run;
    this.#signal = signal;
  }

  async readText(path: string): Promise<string> {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  async info(path: string): Promise<FileInfo | null> {
    return await fileInfo(path);
  }

  async sha256(path: string): Promise<string | null> {
    return await fileDigest(path);
  }

  async list(directory: string): Promise<readonly string[]> {
    try {
      return (await readdir(directory)).toSorted();
    } catch (error) {
      if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return [];
      throw unreadable(directory, error);
    }
  }

  async writeText(
    path: string,
    text: string | Iterable<string | Uint8Array>,
    { mode = 0o644, durable = true }: { readonly mode?: number; readonly durable?: boolean } = {},
  ): Promise<void> {
    try {
      await writeWhole(path, text, { mode, durable });
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async writeBytes(path: string, bytes: Uint8Array | Iterable<Uint8Array>): Promise<void> {
    try {
      await writeWhole(path, bytes, { mode: 0o644, durable: false });
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Parents are made too. A directory that is there keeps its mode. */
  async makeDirectory(path: string, options: { readonly mode?: number } = {}): Promise<void> {
    try {
      const first = await mkdir(path, { recursive: true, mode: 0o755 });
      if (first !== undefined && options.mode !== undefined) await chmod(path, options.mode);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async publish(from: string, to: string): Promise<void> {
    try {
      await this.#moveToFreeName(from, to).catch(async (error: unknown) => {
        if (errnoCode(error) !== 'EPERM') throw error;
        // What is immutable keeps its name: `machinectl read-only` makes machines so, and register-machine.
        await this.#run({ file: 'chattr', args: ['-f', '-i', '--', from], sandbox: false, okCodes: [0, 1] });
        await this.#moveToFreeName(from, to);
      });
      await syncDirectory(dirname(to));
      if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
    } catch (error) {
      throw unwritable(to, error);
    }
  }

  async link(from: string, to: string): Promise<void> {
    const other = `${to}.new-${randomUUID()}`;
    try {
      await link(from, other);
      // Two names of one file stay as they are, and rename says nothing.
      await rename(other, to);
      await rm(other, { force: true });
    } catch (error) {
      await rm(other, { force: true }).catch(() => {});
      throw unwritable(to, error);
    }
  }

  async remove(path: string): Promise<void> {
    await removeTree(this.#run, path);
  }

  async freeBytes(path: string): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    } catch (error) {
      if (errnoCode(error) === 'ENOENT' && dirname(path) !== path) return await this.freeBytes(dirname(path));
      throw unreadable(path, error);
    }
  }

  async digest(path: string, onProgress?: (doneBytes: number) => void): Promise<Digested> {
    return await digestFile(path, this.#signal, onProgress);
  }

  async takeInput(options: TakeInputOptions): Promise<Digested> {
    const { takeInput } = await import('./take-input.ts');
    return await takeInput(this.#signal, options);
  }

  async #moveToFreeName(from: string, to: string): Promise<void> {
    if (!(await lstat(from)).isDirectory()) {
      await link(from, to);
      await unlink(from);
      return;
    }
    if ((await fileInfo(to)) !== null) throw fail('MSP_FILE_UNWRITABLE', { path: to, problem: 'file already exists' });
    // Should the name appear just now, the kernel refuses to replace anything but an empty directory.
    await rename(from, to);
  }
}
