/** Packages as they come out of their .deb, kept to be unpacked again: quicker to read than the .deb is. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { unwritable } from '../file-error.ts';
import type { PackageFile, UnpackedDeb } from './debs.ts';
import { readThrough } from './read-through.ts';

const format = 3;
/** What it may take on disk. The default variants of three suites take less than half of it. */
const mostBytes = 4 * 1024 ** 3;
/** A file in the making that is older belongs to nobody. */
const abandonedMs = 60 * 60 * 1000;

interface StoredRecord extends Omit<UnpackedDeb, 'controlFiles' | 'paths'> {
  readonly format: number;
  readonly controlFiles: readonly (Omit<PackageFile, 'content'> & { readonly content: string })[];
  readonly paths: readonly string[];
  /** CRC-32 of the tar file. */
  readonly crc: number;
}

export interface StoredPackage {
  readonly record: UnpackedDeb;
  /** Path of the data member: a tar file. */
  readonly file: string;
  /** Reads all of it: is it what was kept? */
  isSound(): Promise<boolean>;
}

export interface PackageKeeper {
  /** Where the data member is to be written as a tar file. */
  readonly path: string;
  /**
   * From now on it is found, at the path that is given. Not synced: a torn one is found by its checksum.
   * @param crc CRC-32 of the tar file
   */
  commit(record: UnpackedDeb, crc: number): Promise<string>;
}

export class UnpackedStore {
  readonly directory: string;

  constructor(cacheDirectory: string) {
    this.directory = unpackedDirectory(cacheDirectory);
  }

  /** Null when it is not there. */
  async find(sha256: string): Promise<StoredPackage | null> {
    const file = join(this.directory, sha256);
    try {
      const stored = JSON.parse(await readFile(`${file}.json`, 'utf8')) as StoredRecord;
      if (stored.format !== format) return null;
      await stat(`${file}.tar`);
      const now = new Date();
      await utimes(`${file}.json`, now, now);
      const { format: _format, controlFiles, crc, ...rest } = stored;
      const files = controlFiles.map((one) => ({ ...one, content: Buffer.from(one.content, 'base64') }));
      return {
        record: { ...rest, controlFiles: files },
        file: `${file}.tar`,
        isSound: async () => (await checksumOf(`${file}.tar`).catch(() => null)) === crc,
      };
    } catch {
      return null;
    }
  }

  create(sha256: string): PackageKeeper {
    const file = join(this.directory, sha256);
    const scratch = `${file}.new-${randomBytes(6).toString('hex')}`;
    return {
      path: scratch,
      commit: async (record, crc) => {
        const controlFiles = record.controlFiles.map((one) => ({
          ...one,
          content: Buffer.from(one.content).toString('base64'),
        }));
        try {
          const text = JSON.stringify({ format, ...record, controlFiles, crc });
          await rename(scratch, `${file}.tar`);
          await writeFile(scratch, text, { mode: 0o600 });
          await rename(scratch, `${file}.json`);
        } catch (error) {
          throw unwritable(this.directory, error);
        }
        return `${file}.tar`;
      },
    };
  }

  /** Makes its directory. Throws MSP_FILE_UNWRITABLE. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unwritable(this.directory, error);
    }
  }

  async remove(sha256: string): Promise<void> {
    for (const end of ['.json', '.tar']) await rm(join(this.directory, `${sha256}${end}`), { force: true });
  }

  /** Lets go of what was not used for longest, until the rest fits; and of what nobody finished. */
  async trim(limitBytes = mostBytes): Promise<void> {
    const { packages, abandoned } = await survey(this.directory);
    for (const name of abandoned) await rm(join(this.directory, name), { force: true });
    let total = [...packages.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const oldestFirst = [...packages].toSorted(([, one], [, other]) => one.usedMs - other.usedMs);
    for (const [sha256, { bytes }] of oldestFirst) {
      if (total <= limitBytes) return;
      await this.remove(sha256);
      total -= bytes;
    }
  }
}

async function checksumOf(path: string): Promise<number> {
  let crc = 0;
  await readThrough(path, (bytes) => {
    crc = crc32(bytes, crc);
  });
  return crc;
}

interface Survey {
  /** By digest. */
  readonly packages: ReadonlyMap<string, { readonly bytes: number; readonly usedMs: number }>;
  /** Files that nobody finished. */
  readonly abandoned: readonly string[];
}

async function survey(directory: string): Promise<Survey> {
  const packages = new Map<string, { bytes: number; usedMs: number }>();
  const abandoned: string[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const stats = await stat(join(directory, name)).catch(() => null);
    if (stats === null) continue;
    if (!/\.(?:json|tar)$/u.test(name)) {
      if (Date.now() - stats.mtimeMs > abandonedMs) abandoned.push(name);
      continue;
    }
    const sha256 = name.slice(0, 64);
    const known = packages.get(sha256) ?? { bytes: 0, usedMs: 0 };
    const usedMs = name.endsWith('.json') ? stats.mtimeMs : known.usedMs;
    packages.set(sha256, { bytes: known.bytes + stats.size, usedMs });
  }
  return { packages, abandoned };
}

/** What is kept in all; `usedMs`: when one of them was used last. */
export async function unpackedUsage(
  cacheDirectory: string,
): Promise<{ readonly packages: number; readonly sizeBytes: number; readonly usedMs: number }> {
  const packages = [...(await survey(unpackedDirectory(cacheDirectory))).packages.values()];
  return {
    packages: packages.length,
    sizeBytes: packages.reduce((sum, { bytes }) => sum + bytes, 0),
    usedMs: Math.max(0, ...packages.map(({ usedMs }) => usedMs)),
  };
}

/** @param cacheDirectory such as /var/cache/machinespawn */
export function unpackedDirectory(cacheDirectory: string): string {
  return join(cacheDirectory, 'unpacked');
}
