import { Socket } from 'node:net';

export interface PipeReader {
  /** Settles at the end of the pipe, or when it was closed. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface PipeReading {
  /** The bytes are good during the call only, so that a stream of any length takes the memory of one piece. */
  readonly passing?: boolean;
  /** Reads no more often than this: each wakes us up, and what comes in between waits in the pipe. @default at once */
  readonly eachMs?: number | undefined;
}

const pieceBytes = 64 * 1024;

/** Reads the descriptor of a pipe to its end, and closes it. */
export function readPipe(
  descriptor: number,
  onBytes: (bytes: Buffer) => void,
  { passing = false, eachMs }: PipeReading = {},
): PipeReader {
  const isBuffered = passing || eachMs !== undefined;
  const onread = {
    buffer: Buffer.alloc(isBuffered ? pieceBytes : 0),
    callback: (count: number, buffer: Uint8Array): boolean => {
      onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, count));
      if (eachMs === undefined) return true;
      setTimeout(() => socket.resume(), eachMs);
      return false;
    },
  };
  const options = { fd: descriptor, readable: true, writable: false, ...(isBuffered && { onread }) };
  const socket = new Socket(options);
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    // A pipe that cannot be read has ended; the program's exit code tells the rest.
    socket.once('error', () => resolve());
  });
  if (isBuffered) socket.resume();
  else socket.on('data', onBytes);
  return { ended, close: () => socket.destroy() };
}
