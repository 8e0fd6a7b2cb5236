import { Socket } from 'node:net';

export interface PipeReader {
  /** Settles at the end of the pipe, or when it was closed. */
  readonly ended: Promise<void>;
  close(): void;
}

const pieceBytes = 64 * 1024;

/**
 * Reads the descriptor of a pipe to its end, and closes it. `passing`: the bytes are good during the call only, so that
 * a stream of any length takes the memory of one piece.
 */
export function readPipe(descriptor: number, onBytes: (bytes: Buffer) => void, passing = false): PipeReader {
  const onread = {
    buffer: Buffer.alloc(passing ? pieceBytes : 0),
    callback: (count: number, buffer: Uint8Array): boolean => {
      onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, count));
      return true;
    },
  };
  const options = { fd: descriptor, readable: true, writable: false, ...(passing && { onread }) };
  const socket = new Socket(options);
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    // A pipe that cannot be read has ended; the program's exit code tells the rest.
    socket.once('error', () => resolve());
  });
  if (passing) socket.resume();
  else socket.on('data', onBytes);
  return { ended, close: () => socket.destroy() };
}
