/** Packages as they come out of their .deb, kept to be unpacked again: quicker to read than the .deb is. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import type { PackageFile, UnpackedDeb } from './debs.ts';
import { through } from './decompress.ts';

const format = 1;
/** What it may take on disk. The default variants of three suites take half of it. */
const mostBytes = 2 * 1024 ** 3;
/** A file in the making that is older belongs to nobody. */
const abandonedMs = 24 * 60 * 60 * 1000;

/** Larger than node's own: each piece costs a way to another thread and back. */
const chunkSize = 64 * 1024;

// The checksum finds what the disk has spoiled.
const compression = {
  chunkSize,
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

interface StoredRecord extends Omit<UnpackedDeb, 'controlFiles' | 'paths'> {
  readonly format: number;
  readonly controlFiles: readonly (Omit<PackageFile, 'content'> & { readonly content: string })[];
  readonly paths: readonly string[];
}

export interface StoredPackage {
  readonly record: UnpackedDeb;
  /** The data member as a tar stream. Throws MSP_PACKAGE_BROKEN when it is damaged. */
  readonly data: () => AsyncIterable<Buffer>;
}

export interface PackageWriter {
  write(bytes: Buffer): Promise<void>;
  /** From now on it is found. Not synced: a torn one is found by its checksum. */
  commit(record: UnpackedDeb): Promise<void>;
  abandon(): Promise<void>;
}

export class UnpackedStore {
  readonly #directory: string;

  constructor(cacheDirectory: string) {
    this.#directory = unpackedDirectory(cacheDirectory);
  }

  /** Null when it is not there, or not whole. */
  async find(sha256: string): Promise<StoredPackage | null> {
    const file = join(this.#directory, sha256);
    try {
      const stored = JSON.parse(await readFile(`${file}.json`, 'utf8')) as StoredRecord;
      if (stored.format !== format) return null;
      await stat(`${file}.tar.zst`);
      const now = new Date();
      await utimes(`${file}.json`, now, now);
      const { format: _format, controlFiles, ...rest } = stored;
      const files = controlFiles.map((one) => ({ ...one, content: Buffer.from(one.content, 'base64') }));
      const unpack = through(() => createZstdDecompress({ chunkSize }), sha256);
      return {
        record: { ...rest, controlFiles: files },
        data: () => unpack(createReadStream(`${file}.tar.zst`, { highWaterMark: 256 * 1024 })),
      };
    } catch {
      return null;
    }
  }

  async create(sha256: string): Promise<PackageWriter> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const file = join(this.#directory, sha256);
    const scratch = `${file}.new-${randomBytes(6).toString('hex')}`;
    const compress = createZstdCompress(compression);
    let fault: unknown = null;
    const written = pipeline(compress, createWriteStream(scratch, { mode: 0o600 })).catch((error: unknown) => {
      fault = error;
    });
    return {
      write: async (bytes) => {
        // What cannot be kept is only slower the next time.
        if (fault === null && !compress.write(bytes))
          await Promise.race([once(compress, 'drain').catch(() => undefined), written]);
      },
      commit: async (record) => {
        compress.end();
        await written;
        if (fault !== null) return await rm(scratch, { force: true });
        const controlFiles = record.controlFiles.map((one) => ({
          ...one,
          content: Buffer.from(one.content).toString('base64'),
        }));
        const text = JSON.stringify({ format, ...record, controlFiles });
        try {
          await rename(scratch, `${file}.tar.zst`);
          await writeFile(scratch, text, { mode: 0o600 });
          await rename(scratch, `${file}.json`);
        } catch {
          // Somebody has emptied the cache meanwhile, or the disk is full: the .deb is still there.
          await rm(scratch, { force: true });
        }
      },
      abandon: async () => {
        compress.destroy();
        await written;
        await rm(scratch, { force: true });
      },
    };
  }

  async remove(sha256: string): Promise<void> {
    for (const end of ['.json', '.tar.zst']) await rm(join(this.#directory, `${sha256}${end}`), { force: true });
  }

  /** Lets go of what was not used for longest, until the rest fits; and of what nobody finished. */
  async trim(limitBytes = mostBytes): Promise<void> {
    const { packages, abandoned } = await survey(this.#directory);
    for (const name of abandoned) await rm(join(this.#directory, name), { force: true });
    let total = [...packages.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const oldestFirst = [...packages].toSorted(([, one], [, other]) => one.usedMs - other.usedMs);
    for (const [sha256, { bytes }] of oldestFirst) {
      if (total <= limitBytes) return;
      await this.remove(sha256);
      total -= bytes;
    }
  }
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
    if (name.includes('.new-')) {
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
