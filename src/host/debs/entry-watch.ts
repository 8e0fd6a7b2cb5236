import { createHash, type Hash } from 'node:crypto';
import { isUsualDirectory, type DirectoryAttributes } from '../../model/directory-attributes.ts';
import { listedPath } from '../../model/package-entry.ts';
import { TarReader } from '../../model/tar-entry.ts';
import type { UnpackedDeb } from './debs.ts';

/** Lists the entries of a data member and digests its conffiles. Throws MSP_PACKAGE_HOSTILE, MSP_PACKAGE_BROKEN. */
export class EntryWatch {
  readonly #reader: TarReader;
  readonly #paths: string[] = [];
  readonly #directories: [string, DirectoryAttributes][] = [];
  readonly #digests = new Map<string, Hash>();
  #current: Hash | null = null;
  #sizeBytes = 0;

  /** @param of whose member it is, for messages */
  constructor(of: string, conffiles: readonly string[]) {
    const wanted = new Set(conffiles);
    this.#reader = new TarReader(of, {
      onEntry: (entry) => {
        const path = listedPath(entry, of);
        this.#paths.push(entry.type === 'directory' && path !== '/.' ? `${path}/` : path);
        if (entry.type === 'directory' && !isUsualDirectory(entry)) {
          const { mode, uid, gid } = entry;
          this.#directories.push([path, { mode, uid, gid }]);
        }
        this.#sizeBytes += entry.sizeBytes;
        this.#current = wanted.has(path) && entry.type === 'file' ? createHash('md5') : null;
        if (this.#current !== null) this.#digests.set(path, this.#current);
      },
      onContent: (bytes) => void this.#current?.update(bytes),
    });
  }

  /** `bytes` may be used for something else afterwards. */
  push(bytes: Buffer): void {
    this.#reader.push(bytes);
  }

  end(): Omit<UnpackedDeb, 'controlFiles'> {
    this.#reader.end();
    const conffiles = Object.fromEntries([...this.#digests].map(([path, hash]) => [path, hash.digest('hex')]));
    const directories = Object.fromEntries(this.#directories);
    return { paths: this.#paths, directories, conffiles, sizeBytes: this.#sizeBytes };
  }
}
