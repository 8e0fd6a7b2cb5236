/** Tells what archives are, and unpacks them where they can do no harm. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import type { ErrorCode } from '../errors/catalog.ts';
import { fail } from '../errors/machinespawn-error.ts';
import {
  compressionOf,
  contentOf,
  mostWindowBytes,
  zstdWindowBytes,
  type ArchiveForm,
  type Compression,
} from '../model/archive-form.ts';
import { ArchiveJudge } from './archive-judge.ts';
import type {
  Archives,
  Followed,
  FollowRequest,
  LookRequest,
  UnpackReport,
  UnpackRequest,
  WriteImageRequest,
} from './archive-services.ts';
import { decompressorOf } from './decompressors.ts';
import { unreadable } from './file-error.ts';
import { packedEnd } from './packed-end.ts';
import type { Command, CommandResult } from './services.ts';
import { spareBytes } from './partial-file.ts';
import { TarIndex } from './tar-index.ts';
import {
  bytesTold,
  followScript,
  leastPieceBytes,
  lookScript,
  unpackScript,
  unsafeTold,
  writeImageScript,
} from './unpack-script.ts';

type Run = (command: Command, signal?: AbortSignal, input?: Readable) => Promise<CommandResult>;

/** All that tells one kind of content from another is before that. */
const mostStartBytes = 1024 * 1024;

/** Of an archive that is still being written. */
interface Growth {
  readonly words: Readable;
  readonly packedBytes: number;
  readonly stop: AbortController;
}

interface Pipeline {
  readonly script: string;
  readonly archive: string;
  readonly words: readonly string[];
  readonly compression: Compression;
  readonly command?: Pick<Command, 'onLine' | 'onStatusLine' | 'onStatusBytes' | 'statusEachMs'>;
  readonly judge?: ArchiveJudge;
  readonly input?: Readable;
}

/** tar writes a line for each entry. */
const statusEachMs = 10;

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
    const windowBytes = compression === 'zstd' ? zstdWindowBytes(start) : 0;
    if (windowBytes > mostWindowBytes) return { compression, content: 'unknown', windowBytes };
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
    const report = this.#unpack(request, { words, packedBytes: request.packedBytes, stop });
    // Whoever follows may have turned away before it fails.
    report.catch(() => {});
    return {
      grown: () => void words.write('more\n'),
      whole: () => void words.end('end\n'),
      lost: () => {
        stop.abort();
        words.end();
      },
      report,
    };
  }

  /** GNU tar tells what it unpacks, and its list is judged: the bytes themselves do not come by. */
  async #unpack(request: UnpackRequest, growth: Growth | null): Promise<UnpackReport> {
    const { archive, compression, to, options = [] } = request;
    const judge = new ArchiveJudge(request, growth?.packedBytes ?? (await sizeOf(archive)), growth?.stop);
    const index = new TarIndex((entry) => judge.entry(entry));
    const result = await this.#pipeline({
      judge,
      script: growth === null ? unpackScript : followScript,
      archive,
      words: [to, archive, String(options.length), ...options],
      compression,
      command: {
        onStatusLine: (line) => {
          judge.look(() => index.read(line));
          judge.passed(index.bytes);
        },
        statusEachMs,
        onLine: (line) => {
          judge.passed(bytesTold(line));
          const unsafe = unsafeTold(line);
          if (unsafe !== null) judge.look(() => judge.refuse(unsafe.entry, unsafe.problem));
        },
      },
      ...(growth !== null && { input: growth.words }),
    });
    requireSuccess(result, request.name, to, 'MSP_TAR_DAMAGED');
    return judge.verdict(index.problem);
  }

  async look(request: LookRequest): Promise<UnpackReport> {
    const { archive, compression } = request;
    const { TarWalker } = await import('./tar-walker.ts');
    const judge = new ArchiveJudge(request, await sizeOf(archive));
    const walker = new TarWalker((entry) => {
      judge.entry(entry);
      request.onEntry(entry);
    });
    const onStatusBytes = (bytes: Buffer): void => {
      judge.look(() => walker.write(bytes));
      judge.passed(walker.bytes);
    };
    const words = ['-', archive];
    const result = await this.#pipeline({
      judge,
      script: lookScript,
      archive,
      words,
      compression,
      command: { onStatusBytes },
    });
    requireSuccess(result, request.name, archive, 'MSP_TAR_DAMAGED');
    return judge.verdict(walker.problem);
  }

  async writeImage(request: WriteImageRequest): Promise<void> {
    const { archive, compression, directory } = request;
    const result = await this.#pipeline({
      script: writeImageScript,
      archive,
      words: [directory, archive, String(spareBytes)],
      compression,
    });
    requireRoomLeft(result, dirname(directory));
    requireSuccess(result, request.name, directory, 'MSP_IMAGE_DAMAGED');
  }

  /** The beginning of what the first bytes unpack to, which may be thousands of times as many. That they end in the middle is no failure. */
  async #unpackStart(start: Buffer, compression: Compression): Promise<Buffer> {
    const decompressor = await decompressorOf(compression, { serial: true });
    const parts: Buffer[] = [];
    await this.#run({
      file: 'sh',
      args: ['-c', `"$@" 2>/dev/null | head -c ${mostStartBytes} >&3`, 'sh', ...(decompressor?.argv ?? ['cat'])],
      label: 'look',
      stdin: start,
      onStatusBytes: (bytes) => void parts.push(Buffer.from(bytes)),
      reads: true,
      sandbox: false,
    });
    return Buffer.concat(parts);
  }

  async #pipeline({ script, archive, words, compression, command, judge, input }: Pipeline): Promise<CommandResult> {
    const decompressor = await decompressorOf(compression);
    const confined = decompressor === null ? 'none' : decompressor.confined ? 'yes' : 'no';
    const view = join(this.#scratch(), 'view');
    await mkdir(view, { recursive: true, mode: 0o700 });
    const end = input === undefined ? await packedEnd(archive, compression) : null;
    const args = ['-c', script, 'sh', view, ...words, confined, String(end ?? 'all'), ...(decompressor?.argv ?? [])];
    try {
      const result = await this.#run({ file: 'sh', args, label: 'unpack', ...command }, judge?.signal, input);
      if (judge !== undefined && judge.problem !== null) throw judge.problem;
      return result;
    } catch (error) {
      throw judge?.problem ?? error;
    }
  }
}

/** tar goes on after most of what it says, and one thing that is odd is said of each entry. */
const warning =
  /^tar: .*(?:is [\d.]+ s in the future|implausibly old time stamp|[Uu]nknown extended header keyword|Removing leading|Ignoring )|^tar: Exiting with failure status due to previous errors$/u;

/** The last lines; warnings only where nothing else was said. */
function causeIn(lines: readonly string[]): string {
  const errors = lines.filter((line) => !warning.test(line));
  return (errors.length > 0 ? errors : lines).slice(-3).join('; ');
}

/** The writer stops before the disk is full. */
function requireRoomLeft({ stderr }: CommandResult, path: string): void {
  const [, free] = /^ms-space (\d+)$/mu.exec(stderr) ?? [];
  if (free === undefined) return;
  throw fail('MSP_SPACE_LOW', { path, freeBytes: Number(free), neededBytes: spareBytes + leastPieceBytes });
}

/** What tar, gzip, igzip, pigz, xz, bzip2 and zstd say of it. */
const cut =
  /unexpected end of|Unexpected EOF|does not contain a complete|incomplete deflate data|ends unexpectedly|premature end/iu;

/** Of a file for which there is room in part tar says no more than how much of it was written. */
const full = /No space left on device|Disk quota exceeded|^tar: .*: Wrote only \d+ of \d+ bytes$/mu;

/** Each program of the pipeline tells how it ended. */
function requireSuccess(
  { stderr }: CommandResult,
  name: string,
  place: string,
  code: Extract<ErrorCode, 'MSP_TAR_DAMAGED' | 'MSP_IMAGE_DAMAGED'>,
): void {
  const failed = [...stderr.matchAll(/^ms-status (\w+) (\d+)$/gmu)].filter(([, , status]) => status !== '0');
  if (failed.length === 0) return;
  if (full.test(stderr)) throw fail('MSP_DISK_FULL', { path: place });
  const [, windowBytes] = /Window size larger than maximum : (\d+)/u.exec(stderr) ?? [];
  if (windowBytes !== undefined)
    throw fail('MSP_PULL_MEMORY', { name, neededBytes: Number(windowBytes), allowedBytes: mostWindowBytes });
  const lines = stderr.split('\n').filter((line) => line !== '' && !/^(?:tar: )?ms-/u.test(line));
  const [, program = '', status = ''] = failed[0] ?? [];
  const problem = causeIn(lines) || `${program} ended with code ${status}`;
  // Of damage before it tar sees nothing but the end.
  const ownLines = program === 'decompress' ? lines.filter((line) => !line.startsWith('tar: ')) : lines;
  const isCut = code === 'MSP_TAR_DAMAGED' && ownLines.some((line) => cut.test(line));
  throw fail(isCut ? 'MSP_TAR_CUT' : code, { archive: name, problem });
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw unreadable(path, error);
  }
}
