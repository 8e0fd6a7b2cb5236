/** A free port of the loopback device below 32768: apt-cacher-ng 3.7.4 can neither listen on nor reach higher ones. */
import { createServer } from 'node:net';

export async function lowPort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 5000); ; port += 1) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
