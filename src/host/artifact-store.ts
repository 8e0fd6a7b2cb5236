import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { artifactNameForm, artifactRef, digestOfArtifact, type ArtifactFile } from '../model/artifact.ts';
import { scratchName, syncDirectory, writeWhole } from './durable.ts';
import { errnoCode, unreadable, unwritable } from './file-error.ts';

/** What tells without reading that a file is as it was: whoever changes its content changes its ctime. */
interface Stamp {
  readonly inode: string;
  readonly sizeBytes: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
}

export type ArtifactState = 'sound' | 'missing' | 'changed';

/** Files that steps made, by content: DIRECTORY/SHA256, never written to again, and DIRECTORY/SHA256.stamp. */
export class ArtifactStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** A place for unfinished files of one step, on the same file system; a file in it is kept by a rename. */
  pendingPlace(id: string): string {
    return join(this.directory, 'pending', id);
  }

  pathOf(ref: string): string {
    const sha256 = digestOfArtifact(ref);
    if (sha256 === null) throw fail('MSP_ARTIFACT_MISSING', { artifact: ref });
    return join(this.directory, sha256);
  }

  /** Moves a file in, durably; it is gone from where it was. Throws MSP_FILE_UNREADABLE, MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
  async keep(path: string): Promise<ArtifactFile> {
    const name = basename(path);
    if (!artifactNameForm.test(name))
      throw fail('MSP_FILE_UNWRITABLE', {
        path,
        problem: 'letters, digits and . + ~ @ _ - make the name of an artifact',
      });
    const info = await lstat(path).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    if (!info.isFile()) throw fail('MSP_FILE_UNREADABLE', { path, problem: 'it is not a file' });
    const sha256 = await digestOf(path);
    const ref = artifactRef(sha256);
    const final = this.pathOf(ref);
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      if ((await this.state(ref)) !== 'sound') {
        await this.#moveIn(path, final);
        await this.#stamp(final);
      }
      await rm(path, { force: true });
    } catch (error) {
      throw unwritable(final, error);
    }
    return { artifact: ref, name, sizeBytes: info.size, sha256 };
  }

  /** Reads the file only when it was touched since it was kept. */
  async state(ref: string): Promise<ArtifactState> {
    const path = this.pathOf(ref);
    const now = await stampOf(path);
    if (now === null) return 'missing';
    const then = await readFile(`${path}.stamp`, 'utf8').catch(() => '');
    if (then === JSON.stringify(now)) return 'sound';
    if (artifactRef(await digestOf(path)) !== ref) return 'changed';
    // A copy of the cache, or a stamp that a power cut took: the content is right.
    await this.#stamp(path).catch(() => {});
    return 'sound';
  }

  /** Throws MSP_ARTIFACT_MISSING, MSP_ARTIFACT_DAMAGED. */
  async open(ref: string): Promise<string> {
    const state = await this.state(ref);
    if (state === 'missing') throw fail('MSP_ARTIFACT_MISSING', { artifact: ref });
    if (state === 'changed') throw fail('MSP_ARTIFACT_DAMAGED', { artifact: ref });
    return this.pathOf(ref);
  }

  /** A copy of its own at `path`, whole or not at all; what is there is replaced. */
  async copyTo(ref: string, path: string, owner: { readonly uid: number; readonly gid: number } | null): Promise<void> {
    const from = await this.open(ref);
    const scratch = scratchName(path);
    try {
      await copyFile(from, scratch, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      // Its mode is that of the kept file: nobody but root could open it for writing.
      const handle = await open(scratch, 'r');
      try {
        await handle.chmod(0o644);
        if (owner !== null) await handle.chown(owner.uid, owner.gid);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(scratch, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      await rm(scratch, { force: true });
      throw unwritable(path, error);
    }
  }

  /** Those that are there, by reference. */
  async list(): Promise<readonly { readonly ref: string; readonly sizeBytes: number; readonly keptAt: string }[]> {
    const names = await readdir(this.directory).catch((error: unknown) => {
      if (errnoCode(error) === 'ENOENT') return [];
      throw unreadable(this.directory, error);
    });
    const refs = names.map(artifactRef).filter((ref) => digestOfArtifact(ref) !== null);
    const all = await Promise.all(
      refs.map(async (ref) => ({ ref, info: await lstat(this.pathOf(ref)).catch(() => null) })),
    );
    return all.flatMap(({ ref, info }) =>
      info === null ? [] : [{ ref, sizeBytes: info.size, keptAt: info.ctime.toISOString() }],
    );
  }

  /** Places of unfinished files, by the id they were made with: those of a step that runs, and left-overs of dead ones. */
  async pending(): Promise<readonly string[]> {
    return await readdir(join(this.directory, 'pending')).catch(() => []);
  }

  async remove(ref: string): Promise<void> {
    await rm(this.pathOf(ref), { force: true });
    await rm(`${this.pathOf(ref)}.stamp`, { force: true });
  }

  async #moveIn(path: string, final: string): Promise<void> {
    try {
      await settle(path, final);
    } catch (error) {
      if (errnoCode(error) !== 'EXDEV') throw error;
      const place = this.pendingPlace(`copy-${randomBytes(6).toString('hex')}`);
      await mkdir(place, { recursive: true, mode: 0o700 });
      try {
        await copyFile(path, join(place, 'file'), constants.COPYFILE_EXCL);
        await settle(join(place, 'file'), final);
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    }
    await syncDirectory(this.directory);
  }

  async #stamp(path: string): Promise<void> {
    await writeWhole(`${path}.stamp`, JSON.stringify(await stampOf(path)), { mode: 0o600, durable: false });
  }
}

/** Its content is durable before it has its name. */
async function settle(path: string, final: string): Promise<void> {
  await chmod(path, 0o444);
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(path, final);
}

async function stampOf(path: string): Promise<Stamp | null> {
  const info = await lstat(path, { bigint: true }).catch((error: unknown) => {
    if (errnoCode(error) === 'ENOENT') return null;
    throw unreadable(path, error);
  });
  if (info === null || !info.isFile()) return null;
  const { ino, size, mtimeNs, ctimeNs } = info;
  return { inode: String(ino), sizeBytes: String(size), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs) };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch (error) {
    throw unreadable(path, error);
  }
  return hash.digest('hex');
}
