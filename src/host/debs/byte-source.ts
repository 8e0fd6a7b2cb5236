import { createReadStream } from 'node:fs';
import { unreadable } from '../file-error.ts';

const pieceBytes = 256 * 1024;

/** Reads a file once from its start to its end: so many bytes whole, or piece by piece. */
export class ByteSource {
  readonly #path: string;
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #onBytes: (bytes: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** @param onBytes sees every byte of the file, also those that nobody asks for, once `drain` is called */
  constructor(path: string, onBytes: (bytes: Buffer) => void) {
    this.#path = path;
    this.#onBytes = onBytes;
    const stream: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: pieceBytes });
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** Fewer bytes only where the file ends. */
  async take(bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.stream(bytes)) pieces.push(piece);
    return Buffer.concat(pieces);
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

  /** Reads what is left. */
  async drain(): Promise<void> {
    this.#rest = Buffer.alloc(0);
    while ((await this.#next()) !== null);
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #next(): Promise<Buffer | null> {
    try {
      const { done, value } = await this.#pieces.next();
      if (done === true) return null;
      this.#onBytes(value);
      return value;
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }
}
