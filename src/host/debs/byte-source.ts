import { open, type FileHandle } from 'node:fs/promises';
import { unreadable } from '../file-error.ts';

const pieceBytes = 256 * 1024;

/** Reads a file once from its start to its end: so many bytes whole, or piece by piece. */
export class ByteSource {
  readonly #path: string;
  readonly #onBytes: (bytes: Buffer) => void;
  #file: FileHandle | null = null;
  #rest: Buffer = Buffer.alloc(0);
  /** Of what was read. */
  #end = 0;

  /** @param onBytes sees every byte of the file, also those that nobody asks for, once `drain` is called */
  constructor(path: string, onBytes: (bytes: Buffer) => void) {
    this.#path = path;
    this.#onBytes = onBytes;
  }

  /** Fewer bytes only where the file ends. */
  async take(bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.stream(bytes)) pieces.push(piece);
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  async *stream(bytes: number): AsyncGenerator<Buffer, void> {
    for (let left = bytes; left > 0;) {
      const piece = this.#rest.length > 0 ? this.#rest : await this.#next();
      if (piece === null) return;
      const part = piece.subarray(0, left);
      this.#rest = piece.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  /** Bytes further on, without going there: `onBytes` sees them when their time comes. */
  async peek(from: number, bytes: number): Promise<Buffer> {
    return await this.#readAt(this.#end - this.#rest.length + from, bytes);
  }

  /** Reads what is left. */
  async drain(): Promise<void> {
    this.#rest = Buffer.alloc(0);
    while ((await this.#next()) !== null);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  async #next(): Promise<Buffer | null> {
    const bytes = await this.#readAt(this.#end, pieceBytes);
    if (bytes.length === 0) return null;
    this.#end += bytes.length;
    this.#onBytes(bytes);
    return bytes;
  }

  async #readAt(position: number, bytes: number): Promise<Buffer> {
    try {
      this.#file ??= await open(this.#path);
      const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(bytes), 0, bytes, position);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }
}
