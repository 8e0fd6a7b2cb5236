/** Undoes the compressions that members of packages come in (deb(5)). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import { cleanEnvironment } from '../clean-environment.ts';
import { requireProgram } from '../find-program.ts';

/** Bytes in, bytes out. */
export type Decompress = (packed: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

/** Larger than node's own: each piece costs a way to another thread and back. */
const chunkSize = 256 * 1024;

const programs: Readonly<Record<string, readonly [file: string, ...args: string[]]>> = {
  '.xz': ['xz', '-dc', '-T1'],
  '.lzma': ['xz', '-dc', '--format=lzma'],
  '.bz2': ['bzip2', '-dc'],
};

/** @param member such as "data.tar.xz". Throws MSP_PACKAGE_COMPRESSION for a suffix that is none of deb(5). */
export function decompressorOf(member: string, of: string): Decompress {
  const suffix = member.slice(member.indexOf('.tar') + '.tar'.length);
  if (suffix === '') return (packed) => packed;
  if (suffix === '.gz') return through(() => createGunzip({ chunkSize }), of);
  if (suffix === '.zst') return through(() => createZstdDecompress({ chunkSize }), of);
  const program = Object.hasOwn(programs, suffix) ? programs[suffix] : undefined;
  if (program === undefined) throw fail('MSP_PACKAGE_COMPRESSION', { package: of, member });
  return byProgram(program, of);
}

/** A stream of node:zlib. What it cannot read is MSP_PACKAGE_BROKEN. */
function through(create: () => NodeJS.ReadWriteStream, of: string): Decompress {
  return async function* decompress(packed) {
    const stream = create();
    const feeding = pipeline(packed, stream).catch(() => undefined);
    try {
      yield* stream as unknown as AsyncIterable<Buffer>;
      await feeding;
    } catch (error) {
      if (MachinespawnError.is(error)) throw error;
      throw fail('MSP_PACKAGE_BROKEN', { package: of, problem: 'a member cannot be decompressed' }, error);
    }
  };
}

/** A filter of its own: it reads and writes nothing but its pipes, so it ends with them. */
function byProgram([file, ...args]: readonly [string, ...string[]], of: string): Decompress {
  return async function* decompress(packed) {
    const child = spawn(await requireProgram(file), args, { env: cleanEnvironment(), stdio: 'pipe' });
    const complaints: string[] = [];
    child.stderr.on('data', (bytes: Buffer) => complaints.push(bytes.toString()));
    const ended = once(child, 'close');
    const feeding = pipeline(Readable.from(packed), child.stdin).catch((error: unknown) => error);
    try {
      yield* child.stdout as AsyncIterable<Buffer>;
      const [code] = (await ended) as [number | null];
      const fault = await feeding;
      if (MachinespawnError.is(fault)) throw fault;
      if (code !== 0) {
        const problem = `a member cannot be decompressed: ${complaints.join('').trim()}`;
        throw fail('MSP_PACKAGE_BROKEN', { package: of, problem });
      }
      if (fault instanceof Error) throw fault;
    } finally {
      child.kill('SIGKILL');
    }
  };
}
