/** Which program unpacks a compression: the fastest that is there. */
import { fail } from '../errors/machinespawn-error.ts';
import { mostWindowBytes, type Compression } from '../model/archive-form.ts';
import { findProgram } from './find-program.ts';

export interface Decompressor {
  readonly argv: readonly string[];
  /** Is it a program of /usr, so that it runs in a view that holds nothing else? */
  readonly confined: boolean;
}

/** Several threads, in as much memory as leaves the whole below 200 MB. */
const xzOptions = ['-T0', '--memlimit-mt-decompress=80MiB'];

const candidates: Readonly<Record<Exclude<Compression, 'none'>, readonly (readonly string[])[]>> = {
  gzip: [
    // Of Intel's ISA-L: two to four times as fast as the others.
    ['igzip', '-dc'],
    ['pigz', '-dc'],
    ['unpigz', '-c'],
  ],
  xz: [['xz', ...xzOptions, '-dc']],
  bzip2: [
    ['lbzip2', '-n', '2', '-dc'],
    ['pbzip2', '-p2', '-dc'],
    ['bzip2', '-dc'],
  ],
  zstd: [['zstd', '-q', '-dc', `--memory=${mostWindowBytes / 1024 ** 2}MB`]],
};

const packages = { gzip: 'gzip', xz: 'xz-utils', bzip2: 'bzip2', zstd: 'zstd' } as const;

/**
 * Null where nothing is compressed. `serial`: for an input that is cut off, of which parallel programs give nothing.
 * Throws MSP_TOOL_MISSING.
 */
export async function decompressorOf(
  compression: Compression,
  options: { readonly serial: boolean } = { serial: false },
): Promise<Decompressor | null> {
  if (compression === 'none') return null;
  const programs = await decompressorsOf(compression);
  const chosen = (options.serial ? programs.findLast(({ confined }) => confined) : undefined) ?? programs[0];
  if (chosen !== undefined) return chosen;
  throw fail('MSP_TOOL_MISSING', { tool: compression, debianPackage: packages[compression] });
}

/** All that are there, the fastest first. */
export async function decompressorsOf(compression: Exclude<Compression, 'none'>): Promise<readonly Decompressor[]> {
  const programs: Decompressor[] = [];
  for (const [name = '', ...words] of candidates[compression]) {
    const path = await findProgram(name);
    if (path !== null) programs.push({ argv: [path, ...words], confined: true });
  }
  return compression === 'gzip' ? [...programs, ownGunzip] : programs;
}

const script = `const z=require('node:zlib');require('node:stream').pipeline(process.stdin,z.createGunzip({chunkSize:1<<17}),process.stdout,(e)=>{if(e){process.stderr.write(e.message+'\\n');process.exitCode=1}})`;

/** Node's own zlib, as a program: faster than gzip, and always there. Its zstd ends after the first frame. */
const ownGunzip: Decompressor = { argv: [process.execPath, '--input-type=commonjs', '-e', script], confined: false };
