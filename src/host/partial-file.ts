/**
 * A file in the making, and beside it what it was begun from. Both survive SIGKILL; what was not yet on the disk at a
 * power cut is not trusted.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream, readFileSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, statfs, truncate, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { syncDirectory, writeWhole } from './durable.ts';
import { unwritable } from './file-error.ts';
import type { Validators } from './net-services.ts';

/** What a file in the making was begun from. */
export interface Beginning extends Validators {
  /** That was asked for, before redirects. */
  readonly url: string;
  readonly totalBytes: number | null;
}

interface Note extends Beginning {
  readonly format: 1;
  readonly bootId: string;
  /** How much was surely on the disk when this was written. */
  readonly durableBytes: number;
}

const batchBytes = 512 * 1024;
/** Smaller files are fetched anew after a cut: a note for each of a thousand packages would cost more. */
const notedFromBytes = 1024 * 1024;
/** How often it is asked whether there is room for as much again. */
const checkedEachBytes = 64 * 1024 * 1024;
/** Each sync holds up whoever else makes files there, such as the unpacking. */
const syncedEachMs = 10_000;
/** What is left of a disk for everybody else. */
export const spareBytes = 32 * 1024 * 1024;

export class PartialFile {
  readonly path: string;
  readonly #notePath: string;
  #handle: FileHandle | null = null;
  #hash: Hash = createHash('sha256');
  #beginning: Beginning | null = null;
  #isNoted = false;
  #size = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #unchecked = 0;
  #syncedAt = performance.now();
  #problem: unknown = null;

  private constructor(path: string) {
    this.path = path;
    this.#notePath = `${path}.json`;
  }

  /** With what is there of it already, read again for its digest. Throws MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
  static async open(path: string): Promise<PartialFile> {
    const file = new PartialFile(path);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await file.#recall();
    } catch (error) {
      throw unwritable(path, error);
    }
    return file;
  }

  /** Bytes that are there. */
  get size(): number {
    return this.#size;
  }

  /** Null when nothing is there. */
  get beginning(): Beginning | null {
    return this.#beginning;
  }

  /** Throws away what is there. */
  async begin(beginning: Beginning): Promise<void> {
    await this.discard();
    try {
      this.#beginning = beginning;
      this.#handle = await open(this.path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }

  /** Throws MSP_SPACE_LOW when that much cannot be added. */
  async requireSpace(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.path));
    const freeBytes = bavail * bsize;
    if (bytes + spareBytes <= freeBytes) return;
    throw fail('MSP_SPACE_LOW', { path: dirname(this.path), freeBytes, neededBytes: bytes + spareBytes });
  }

  /** Takes the bytes: written in batches, while the next one comes in, and given back after that. Throws MSP_DISK_FULL, MSP_SPACE_LOW, MSP_FILE_UNWRITABLE. */
  async append(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#size += bytes.length;
    if (this.#pendingBytes >= batchBytes) await this.#flush();
  }

  /** Everything is written. Called before another try, and before the end. */
  async settle(): Promise<void> {
    await this.#flush();
    await this.#writing;
    this.#throwProblem();
  }

  /** SHA-256 of what is there; it cannot be gone on with afterwards. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** Everything is on the disk. Throws MSP_DISK_FULL, MSP_FILE_UNWRITABLE. */
  async sync(): Promise<void> {
    try {
      await this.settle();
      await this.#syncing;
      this.#handle ??= await open(this.path, constants.O_WRONLY | constants.O_APPEND);
      await this.#handle.sync();
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }

  /** `durable`: the name is on the disk, too; for what is there, see `sync`. */
  async publish(path: string, durable: boolean): Promise<void> {
    try {
      await this.settle();
      await this.close();
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await rename(this.path, path);
      await rm(this.#notePath, { force: true });
      if (durable) await syncDirectory(dirname(path));
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async discard(): Promise<void> {
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#writing;
    await this.#syncing;
    this.#problem = null;
    await this.close();
    await rm(this.#notePath, { force: true });
    await rm(this.path, { force: true });
    this.#hash = createHash('sha256');
    this.#beginning = null;
    this.#isNoted = false;
    this.#size = 0;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#syncing;
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async #flush(): Promise<void> {
    await this.#writing;
    this.#throwProblem();
    if (this.#pendingBytes === 0) return;
    const [pieces, bytes] = [this.#pending, this.#pendingBytes];
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#unchecked += bytes;
    this.#writing = this.#write(pieces, bytes).catch((error: unknown) => {
      this.#problem ??= error;
    });
    if (!this.#isNoted && this.#size >= notedFromBytes) await this.#note(0);
    if (this.#unchecked >= checkedEachBytes) {
      this.#unchecked = 0;
      const totalBytes = this.#beginning?.totalBytes ?? Infinity;
      await this.requireSpace(Math.min(checkedEachBytes, Math.max(0, totalBytes - this.#size)));
    }
    if (performance.now() >= this.#syncedAt + syncedEachMs) await this.#sync();
  }

  async #write(pieces: readonly Buffer[], bytes: number): Promise<void> {
    this.#handle ??= await open(this.path, constants.O_WRONLY | constants.O_APPEND);
    const { bytesWritten } = await this.#handle.writev([...pieces]);
    // The kernel may take less, such as before it says that the disk is full.
    if (bytesWritten < bytes) await this.#handle.appendFile(Buffer.concat(pieces).subarray(bytesWritten));
    for (const piece of pieces) giveBack(piece);
  }

  /** Beside the next bytes, so that nothing waits for the disk. */
  async #sync(): Promise<void> {
    await this.#writing;
    await this.#syncing;
    this.#syncedAt = performance.now();
    const durable = this.#size - this.#pendingBytes;
    const sync = async (): Promise<void> => {
      await this.#handle?.datasync();
      await this.#note(durable);
    };
    this.#syncing = sync().catch((error: unknown) => {
      this.#problem ??= error;
    });
  }

  async #note(durableBytes: number): Promise<void> {
    if (this.#beginning === null) return;
    this.#isNoted = true;
    const note: Note = { format: 1, ...this.#beginning, bootId: bootId(), durableBytes };
    await writeWhole(this.#notePath, `${JSON.stringify(note)}\n`, { mode: 0o644, durable: false });
  }

  async #recall(): Promise<void> {
    const note = await readNote(this.#notePath);
    const stats = await stat(this.path).catch(() => null);
    if (note === null || stats === null) {
      await this.discard();
      return;
    }
    const trusted = note.bootId === bootId() ? stats.size : Math.min(stats.size, note.durableBytes);
    if (trusted === 0) {
      await this.discard();
      return;
    }
    if (trusted < stats.size) await truncate(this.path, trusted);
    for await (const bytes of createReadStream(this.path, { end: trusted - 1, highWaterMark: batchBytes }))
      this.#hash.update(bytes as Buffer);
    const { url, etag, lastModified, totalBytes } = note;
    this.#beginning = { url, etag, lastModified, totalBytes };
    this.#isNoted = true;
    this.#size = trusted;
  }

  #throwProblem(): void {
    if (this.#problem !== null) throw unwritable(this.path, this.#problem);
  }
}

/**
 * The collector takes its time with memory that is not its own: it cost a third of a download's CPU time, and dozens of
 * MiB. A piece that shares its memory is left to it.
 */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

async function readNote(path: string): Promise<Note | null> {
  try {
    const note = JSON.parse(await readFile(path, 'utf8')) as Note;
    return note.format === 1 && typeof note.url === 'string' && typeof note.durableBytes === 'number' ? note : null;
  } catch {
    // None, or a torn one: there is nothing to go on with.
    return null;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
