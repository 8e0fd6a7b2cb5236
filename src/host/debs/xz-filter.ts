import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { fail } from '../../errors/machinespawn-error.ts';
import { cleanEnvironment } from '../clean-environment.ts';
import { requireProgram } from '../find-program.ts';

/**
 * Fed after each member, since xz keeps back what does not fill its buffers (8 KiB each): 128 KiB of zeros as a stream, and
 * padding between streams, which it passes over. What it gives of the zeros says that it found the member before them whole.
 */
const flush = Buffer.concat([
  Buffer.from(
    '/Td6WFoAAAFpIt42AgAhARwAAAAQz1jM4f//AFhdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPg' +
      'WRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtZ5D8eAAAAzc3ofgABcICACAAADY7bmj4wDYsCAAAAAAFZWg==',
    'base64',
  ),
  Buffer.alloc(64 * 1024),
]);
const flushBytes = 128 * 1024;
/** xz writes 8 KiB at a time: to take so little, again and again, takes us longer than it takes it to decompress. */
const script = 'xz -dc -T1 | dd bs=64K iflag=fullblock status=none';

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly output: AsyncIterator<Buffer>;
  readonly ended: Promise<unknown>;
  readonly complaints: string[];
}

/** One xz program for many members, one after the other: starting it takes longer than most members do. */
export class XzFilter {
  #running: Running | null = null;
  #rest: Buffer = Buffer.alloc(0);
  /** Zeros that still come, of the members before. */
  #zeros = 0;

  /**
   * @param unpackedBytes as the member's index says
   * @param of whose member it is, for messages
   * Throws MSP_PACKAGE_BROKEN.
   */
  async *decompress(packed: AsyncIterable<Buffer>, unpackedBytes: number, of: string): AsyncGenerator<Buffer, void> {
    const running = (this.#running ??= await start());
    let isWhole = false;
    const feeding = feed(packed, running).catch((error: unknown) => {
      // Without the rest of its input it would wait for ever.
      running.child.stdin.destroy();
      return error;
    });
    try {
      while (this.#zeros > 0) this.#zeros -= (await this.#take(running, this.#zeros)).length;
      for (let left = unpackedBytes; left > 0;) {
        const bytes = await this.#take(running, left);
        left -= bytes.length;
        yield bytes;
      }
      this.#zeros = flushBytes - (await this.#take(running, 1)).length;
      isWhole = true;
    } catch (error) {
      const fault = await feeding;
      if (fault instanceof Error && (fault as NodeJS.ErrnoException).code !== 'EPIPE') throw fault;
      await running.ended;
      const problem = `a member cannot be decompressed: ${running.complaints.join('').trim()}`;
      throw fail('MSP_PACKAGE_BROKEN', { package: of, problem }, error);
    } finally {
      if (!isWhole) this.close();
      await feeding;
    }
  }

  /** Ends the program; the next member gets a new one. */
  close(): void {
    const child = this.#running?.child;
    child?.kill('SIGKILL');
    // Both of the programs end when nobody is at the other end of their pipes.
    for (const stream of [child?.stdin, child?.stdout, child?.stderr]) stream?.destroy();
    this.#running = null;
    this.#rest = Buffer.alloc(0);
    this.#zeros = 0;
  }

  async #take({ output }: Running, most: number): Promise<Buffer> {
    if (this.#rest.length === 0) {
      const { done, value } = await output.next();
      if (done === true) throw new TypeError('xz ended before its output');
      this.#rest = value;
    }
    const bytes = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }
}

async function start(): Promise<Running> {
  for (const program of ['xz', 'dd']) await requireProgram(program);
  const child = spawn(await requireProgram('sh'), ['-c', script], { env: cleanEnvironment(), stdio: 'pipe' });
  const complaints: string[] = [];
  child.stderr.on('data', (bytes: Buffer) => complaints.push(bytes.toString()));
  // What became of it is seen where its output ends.
  for (const one of [child, child.stdin, child.stdout]) one.on('error', () => undefined);
  const output = (child.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  return { child, output, ended: once(child, 'close'), complaints };
}

async function feed(packed: AsyncIterable<Buffer>, { child: { stdin } }: Running): Promise<void> {
  for await (const bytes of packed) {
    if (stdin.destroyed) return;
    if (!stdin.write(bytes)) await drained(stdin);
  }
  if (!stdin.destroyed) stdin.write(flush);
}

/** Or closed. */
async function drained(stdin: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const name of ['drain', 'close']) stdin.off(name, done);
      resolve();
    };
    for (const name of ['drain', 'close']) stdin.on(name, done);
    if (stdin.destroyed) done();
  });
}
