/** One package on its way from its .deb, or from the store, into a tree. */
import { createHash, type Hash } from 'node:crypto';
import { conffileEntries } from '../../model/dpkg-database.ts';
import { listedPath } from '../../model/package-entry.ts';
import { TarReader } from '../../model/tar-entry.ts';
import type { DebFile, PackageFile, UnpackedDeb } from './debs.ts';
import { openDeb, type OpenDeb } from './read-deb.ts';
import type { XzFilter } from './xz-filter.ts';
import type { StoredPackage, UnpackedStore } from './unpacked-store.ts';

/** Where the tar stream goes. */
export type Write = (bytes: Buffer) => Promise<void>;

export async function unpackStored({ record, data }: StoredPackage, write: Write): Promise<UnpackedDeb> {
  for await (const bytes of data()) await write(bytes);
  return record;
}

/** `leaveOut`: only its control member is wanted. */
export async function unpackDeb(
  deb: DebFile,
  store: UnpackedStore,
  write: Write,
  leaveOut: (controlFiles: readonly PackageFile[]) => boolean,
  xz: XzFilter,
): Promise<UnpackedDeb> {
  const open = await openDeb(deb, xz);
  try {
    const { controlFiles } = open;
    if (!leaveOut(controlFiles)) return await keepAndWrite(deb, open, store, write);
    await open.finish();
    return { controlFiles, paths: null, conffiles: {}, sizeBytes: 0 };
  } finally {
    await open.close();
  }
}

async function keepAndWrite(deb: DebFile, open: OpenDeb, store: UnpackedStore, write: Write): Promise<UnpackedDeb> {
  const { controlFiles } = open;
  const seen = new EntryWatch(
    deb.name,
    conffileEntries({ controlFiles }).map(({ path }) => path),
  );
  const keeper = await store.create(deb.sha256);
  try {
    for await (const bytes of open.data) {
      // Looked at first: what is refused has not been written.
      seen.push(bytes);
      await keeper.write(bytes);
      await write(bytes);
    }
    const record = { controlFiles, ...seen.end() };
    await open.finish();
    await keeper.commit(record);
    return record;
  } catch (error) {
    await keeper.abandon();
    throw error;
  }
}

/** Lists the entries of a data member and digests its conffiles. Throws MSP_PACKAGE_HOSTILE, MSP_PACKAGE_BROKEN. */
class EntryWatch {
  readonly #reader: TarReader;
  readonly #paths: string[] = [];
  readonly #digests = new Map<string, Hash>();
  #current: Hash | null = null;
  #sizeBytes = 0;

  constructor(of: string, conffiles: readonly string[]) {
    const wanted = new Set(conffiles);
    this.#reader = new TarReader(of, {
      onEntry: (entry) => {
        const path = listedPath(entry, of);
        this.#paths.push(entry.type === 'directory' && path !== '/.' ? `${path}/` : path);
        this.#sizeBytes += entry.sizeBytes;
        this.#current = wanted.has(path) && entry.type === 'file' ? createHash('md5') : null;
        if (this.#current !== null) this.#digests.set(path, this.#current);
      },
      onContent: (bytes) => void this.#current?.update(bytes),
    });
  }

  push(bytes: Buffer): void {
    this.#reader.push(bytes);
  }

  end(): Pick<UnpackedDeb, 'paths' | 'conffiles' | 'sizeBytes'> {
    this.#reader.end();
    const conffiles = Object.fromEntries([...this.#digests].map(([path, hash]) => [path, hash.digest('hex')]));
    return { paths: this.#paths, conffiles, sizeBytes: this.#sizeBytes };
  }
}
