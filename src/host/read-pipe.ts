import { Socket } from 'node:net';

export interface PipeReader {
  /** Settles at the end of the pipe, or when it was closed. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Reads the descriptor of a pipe to its end, and closes it. */
export function readPipe(descriptor: number, onBytes: (bytes: Buffer) => void): PipeReader {
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    // A pipe that cannot be read has ended; the program's exit code tells the rest.
    socket.once('error', () => resolve());
  });
  socket.on('data', onBytes);
  return { ended, close: () => socket.destroy() };
}
