import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeWhole } from './durable.ts';
import { errnoCode, unreadable, unwritable } from './file-error.ts';
import type { Memory } from './services.ts';

const nothingThere = ['ENOENT', 'ENOTDIR', 'EACCES'];

/** Small files below a directory. Not synced: whoever reads one can tell a torn one. */
export class MemoryFiles implements Memory {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What may not be read counts as not there. */
  async recall(name: string): Promise<{ readonly data: Buffer; readonly path: string } | null> {
    const path = join(this.#directory, name);
    try {
      return { data: await readFile(path), path };
    } catch (error) {
      if (nothingThere.includes(errnoCode(error) ?? '')) return null;
      throw unreadable(path, error);
    }
  }

  async keep(name: string, data: string | Uint8Array): Promise<string> {
    const path = join(this.#directory, name);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeWhole(path, data, { mode: 0o644, durable: false });
    } catch (error) {
      throw unwritable(path, error);
    }
    return path;
  }
}

/** Recalls what the other one kept, and keeps for itself. */
export class PassingMemory implements Memory {
  readonly #lasting: Memory;
  readonly #own: Memory;

  constructor(lasting: Memory, directory: string) {
    this.#lasting = lasting;
    this.#own = new MemoryFiles(directory);
  }

  async recall(name: string): Promise<{ readonly data: Buffer; readonly path: string } | null> {
    return (await this.#own.recall(name)) ?? (await this.#lasting.recall(name));
  }

  async keep(name: string, data: string | Uint8Array): Promise<string> {
    return await this.#own.keep(name, data);
  }
}
