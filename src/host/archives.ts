/** Tells what archives are, and unpacks them where they can do no harm. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import type { ErrorCode } from '../errors/catalog.ts';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { compressionOf, contentOf, type ArchiveForm, type Compression } from '../model/archive-form.ts';
import { TarSafety } from '../model/tar-safety.ts';
import { decompressorOf } from './decompressors.ts';
import { unreadable } from './file-error.ts';
import type {
  Archives,
  Followed,
  FollowRequest,
  UnpackReport,
  UnpackRequest,
  WriteImageRequest,
} from './archive-services.ts';
import type { Command, CommandResult } from './services.ts';
import { followScript, lookScript, unpackScript, writeImageScript } from './unpack-script.ts';

type Run = (command: Command, signal?: AbortSignal, input?: Readable) => Promise<CommandResult>;

/** Of an archive that is still being written. */
interface Growth {
  readonly words: Readable;
  readonly packedBytes: number;
  readonly stop: AbortController;
  readonly onStart: () => void;
}

const checkEachBytes = 64 * 1024 * 1024;

export class HostArchives implements Archives {
  readonly #run: Run;
  readonly #scratch: () => string;

  constructor(run: Run, scratch: () => string) {
    this.#run = run;
    this.#scratch = scratch;
  }

  async recognize(start: Buffer): Promise<ArchiveForm> {
    const compression = compressionOf(start);
    if (compression === 'none') return { compression, content: contentOf(start) };
    const content = contentOf(await this.#unpackStart(start, compression));
    // A compressed page or nothing: not enough came to tell.
    return { compression, content: content === 'empty' ? 'unknown' : content };
  }

  async unpack(request: UnpackRequest): Promise<UnpackReport> {
    return await this.#unpack(request, null);
  }

  follow(request: FollowRequest): Followed {
    const words = new PassThrough();
    const stop = new AbortController();
    const { promise: opened, resolve: onStart } = Promise.withResolvers<void>();
    const growth = { words, packedBytes: request.packedBytes, stop, onStart };
    const report = this.#unpack(request, growth).finally(onStart);
    // Whoever follows may have turned away before it fails.
    report.catch(() => {});
    return {
      grown: () => void words.write('more\n'),
      whole: () => void words.end('end\n'),
      lost: () => {
        stop.abort();
        words.end();
      },
      opened,
      report,
    };
  }

  async #unpack(request: UnpackRequest, growth: Growth | null): Promise<UnpackReport> {
    const { archive, compression, to, options = [] } = request;
    const packedBytes = growth?.packedBytes ?? (await sizeOf(archive));
    const { TarWalker } = await import('./tar-walker.ts');
    const safety = new TarSafety(request.limits);
    const tops = new Set<string>();
    const walker = new TarWalker((entry) => {
      const problem = safety.problemOf(entry);
      if (problem !== null) throw fail('MSP_TAR_UNSAFE', { archive: request.name, entry: entry.path, problem });
      tops.add(entry.path.replace(/^(?:\.\/+)*/u, '').split('/')[0] ?? '');
      request.onEntry?.(entry);
    });
    const stop = growth?.stop ?? new AbortController();
    let problem: MachinespawnError | null = null;
    let nextCheck = 0;
    const onBytes = (bytes: Buffer): void => {
      growth?.onStart();
      if (problem !== null) return;
      try {
        walker.write(bytes);
        if (walker.bytes < nextCheck) return;
        nextCheck = walker.bytes + checkEachBytes;
        request.onProgress?.(walker.bytes);
        const excess = safety.excess(walker.bytes, packedBytes);
        if (excess !== null) throw fail('MSP_TAR_TOO_LARGE', { archive: request.name, problem: excess });
      } catch (error) {
        problem = MachinespawnError.is(error) ? error : damaged(request.name, error);
        // Nothing more of it may reach the disk.
        stop.abort({ hard: true });
      }
    };
    const tarWords = to === null ? [] : [String(options.length), ...options];
    const result = await this.#pipeline({
      script: to === null ? lookScript : growth === null ? unpackScript : followScript,
      words: [to ?? '-', archive, ...tarWords],
      compression,
      onStatusBytes: onBytes,
      signal: stop.signal,
      ...(growth !== null && { input: growth.words }),
      problem: () => problem,
    });
    const excess = safety.excess(walker.bytes, packedBytes);
    if (excess !== null) throw fail('MSP_TAR_TOO_LARGE', { archive: request.name, problem: excess });
    requireSuccess(result, request.name, to ?? archive, 'MSP_TAR_DAMAGED');
    if (walker.problem !== null) throw fail('MSP_TAR_DAMAGED', { archive: request.name, problem: walker.problem });
    tops.delete('');
    return { entries: safety.entries, unpackedBytes: walker.bytes, topNames: [...tops].slice(0, 100) };
  }

  async writeImage(request: WriteImageRequest): Promise<void> {
    const { archive, compression, directory } = request;
    const result = await this.#pipeline({
      script: writeImageScript,
      words: [directory, archive],
      compression,
      problem: () => null,
    });
    requireSuccess(result, request.name, directory, 'MSP_IMAGE_DAMAGED');
  }

  /** What the first bytes unpack to; that they end in the middle is no failure. */
  async #unpackStart(start: Buffer, compression: Compression): Promise<Buffer> {
    const decompressor = await decompressorOf(compression, { serial: true });
    const parts: Buffer[] = [];
    await this.#run({
      file: 'sh',
      args: ['-c', '"$@" >&3 2>/dev/null || :', 'sh', ...(decompressor?.argv ?? ['cat'])],
      label: 'look',
      stdin: start,
      onStatusBytes: (bytes) => void parts.push(Buffer.from(bytes)),
      reads: true,
      sandbox: false,
    });
    return Buffer.concat(parts);
  }

  async #pipeline(pipeline: {
    readonly script: string;
    readonly words: readonly string[];
    readonly compression: Compression;
    readonly onStatusBytes?: (bytes: Buffer) => void;
    readonly signal?: AbortSignal;
    readonly input?: Readable;
    readonly problem: () => MachinespawnError | null;
  }): Promise<CommandResult> {
    const decompressor = await decompressorOf(pipeline.compression);
    const confined = decompressor === null ? 'none' : decompressor.confined ? 'yes' : 'no';
    const view = join(this.#scratch(), 'view');
    await mkdir(view, { recursive: true, mode: 0o700 });
    try {
      const { script, words } = pipeline;
      const args = ['-c', script, 'sh', view, ...words, confined, ...(decompressor?.argv ?? [])];
      const { onStatusBytes } = pipeline;
      const command: Command = {
        file: 'sh',
        args,
        label: 'unpack',
        ...(onStatusBytes !== undefined && { onStatusBytes }),
      };
      const result = await this.#run(command, pipeline.signal, pipeline.input);
      const problem = pipeline.problem();
      if (problem !== null) throw problem;
      return result;
    } catch (error) {
      throw pipeline.problem() ?? error;
    }
  }
}

/** Each program of the pipeline tells how it ended. */
function requireSuccess(
  { stderr }: CommandResult,
  name: string,
  place: string,
  code: Extract<ErrorCode, 'MSP_TAR_DAMAGED' | 'MSP_IMAGE_DAMAGED'>,
): void {
  const failed = [...stderr.matchAll(/^ms-status (\w+) (\d+)$/gmu)].filter(([, , status]) => status !== '0');
  if (failed.length === 0) return;
  if (/No space left on device|Disk quota exceeded/u.test(stderr)) throw fail('MSP_DISK_FULL', { path: place });
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('ms-status '));
  const [, program = '', status = ''] = failed[0] ?? [];
  const problem = lines.slice(-3).join('; ') || `${program} ended with code ${status}`;
  throw fail(code, { archive: name, problem });
}

function damaged(archive: string, error: unknown): MachinespawnError {
  const problem = error instanceof Error ? error.message : String(error);
  return fail('MSP_TAR_DAMAGED', { archive, problem }, error);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw unreadable(path, error);
  }
}
