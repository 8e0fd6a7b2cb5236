import { access, constants, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { syncDirectory, writeWhole } from './durable.ts';
import { errnoCode, problemOf, unreadable, unwritable } from './file-error.ts';
import { machineHolder } from './machine-holder.ts';
import { isSubvolume } from './subvolume.ts';
import type { MachineEntry, Machines } from './services.ts';

/** The machines of a machines directory, and what is recorded about them in RECORDS/NAME.json. */
export class MachinesDirectory implements Machines {
  readonly directory: string;
  readonly #records: string;

  constructor(directory: string, records: string) {
    this.directory = directory;
    this.#records = records;
  }

  async find(name: string): Promise<MachineEntry | null> {
    return (await this.#read(name)) ?? (await this.#read(`${name}.raw`));
  }

  /** By name. Hidden names are left out: they are images in the making. */
  async list(): Promise<readonly MachineEntry[]> {
    const names = await readdir(this.directory).catch((error: unknown) => {
      if (errnoCode(error) === 'ENOENT') return [];
      throw unreadable(this.directory, error);
    });
    const entries = await Promise.all(names.map((name) => this.#read(name)));
    return entries.filter((entry) => entry !== null).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws MSP_FILE_UNREADABLE when the record is damaged. */
  async readRecord(name: string): Promise<Readonly<Record<string, unknown>> | null> {
    const path = this.#recordPath(name);
    try {
      const record: unknown = JSON.parse(await readFile(path, 'utf8'));
      if (typeof record === 'object' && record !== null && !Array.isArray(record))
        return record as Record<string, unknown>;
      throw fail('MSP_FILE_UNREADABLE', { path, problem: 'it is not a record of a machine' });
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return null;
      if (error instanceof SyntaxError) throw fail('MSP_FILE_UNREADABLE', { path, problem: problemOf(error) }, error);
      throw unreadable(path, error);
    }
  }

  async writeRecord(name: string, record: Readonly<Record<string, unknown>>): Promise<void> {
    const path = this.#recordPath(name);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeWhole(path, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644, durable: true });
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async removeRecord(name: string): Promise<void> {
    const path = this.#recordPath(name);
    try {
      await rm(path);
      await syncDirectory(dirname(path));
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT') throw unwritable(path, error);
    }
  }

  async #read(file: string): Promise<MachineEntry | null> {
    if (file.startsWith('.') || file.includes('/')) return null;
    const path = join(this.directory, file);
    // A link to an image elsewhere is a machine, too.
    const stats = await stat(path).catch(() => null);
    if (stats === null) return null;
    if (stats.isDirectory()) {
      return {
        name: file,
        path,
        type: (await isSubvolume(path)) ? 'subvolume' : 'directory',
        holder: await machineHolder(file, path),
        readOnly: await isReadOnly(path, stats.mode),
      };
    }
    if (!stats.isFile() || !file.endsWith('.raw')) return null;
    const name = file.slice(0, -'.raw'.length);
    const readOnly = await isReadOnly(path, stats.mode);
    return { name, path, type: 'raw', holder: await machineHolder(name, path), readOnly };
  }

  #recordPath(name: string): string {
    return join(this.#records, `${encodeURIComponent(name)}.json`);
  }
}

/** Of what is immutable, and of file systems and subvolumes that are read-only, the kernel says so to root, too. */
async function isReadOnly(path: string, mode: number): Promise<boolean> {
  if ((mode & 0o222) === 0) return true;
  try {
    await access(path, constants.W_OK);
    return false;
  } catch (error) {
    return errnoCode(error) === 'EPERM' || errnoCode(error) === 'EROFS';
  }
}
