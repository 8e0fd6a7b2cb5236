/** Fetches one file to the disk in one stream: written, hashed and counted; what is cut off is gone on with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { cancelled } from './cancelled.ts';
import { networkFailure, requestFile, type FileResponse } from './http-request.ts';
import { PartialFile, type Beginning } from './partial-file.ts';
import { statusFailure, waitAsTold } from './retry-after.ts';
import { rateLimit } from './rate-limit.ts';
import type { SitePasswords } from './site-passwords.ts';
import type { Downloaded, DownloadOptions, GrownFile } from './net-services.ts';
import { isSameState, strongValidator } from './validators.ts';

export interface DownloadParts {
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly passwords: SitePasswords;
  /** Wait before the second try in a row that brings nothing, doubled for each further one. */
  readonly retryDelayMs: number;
}

const progressEachMs = 200;
const usualStallMs = 30_000;
const usualRetries = 4;
/** Less than that is not getting on, or a broken server could keep us busy for ever. */
const leastGainBytes = 64 * 1024;

const canPass = (error: unknown): boolean => {
  if (!MachinespawnError.is(error)) return false;
  if (error.code === 'MSP_NETWORK') return error.data['final'] !== true;
  if (error.code === 'MSP_HTTP_STATUS') {
    const status = Number(error.data['status']);
    return status >= 500 || status === 429 || status === 408;
  }
  return ['MSP_DOWNLOAD_CUT', 'MSP_DOWNLOAD_STALLED', 'MSP_DOWNLOAD_RANGE'].includes(error.code);
};

export async function download(url: string, options: DownloadOptions, parts: DownloadParts): Promise<Downloaded> {
  const signal = options.signal === undefined ? parts.signal : AbortSignal.any([parts.signal, options.signal]);
  if (signal.aborted) throw cancelled(signal);
  const partialPath = options.partial ?? (typeof options.path === 'string' ? `${options.path}.partial` : null);
  if (partialPath === null) throw new TypeError('a path that depends on the digest needs a partial path');
  const { default: retry } = await import('p-retry');
  const partial = await PartialFile.open(partialPath);
  const one = new Download(url, options, { ...parts, signal }, partial);
  // What is there of another file is of no use.
  if (partial.beginning !== null && partial.beginning.url !== url) await partial.discard();
  let best = partial.size;
  let gains = 0;
  try {
    return await retry(
      async () => {
        // p-retry goes on at once where something was gained.
        if (gains > 0) await sleep(parts.retryDelayMs, undefined, { signal });
        return await one.attempt();
      },
      {
        retries: options.retries ?? usualRetries,
        minTimeout: parts.retryDelayMs,
        maxTimeout: 30_000,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => canPass(error),
        onFailedAttempt: async (failed) => await waitAsTold(failed, signal),
        shouldConsumeRetry: () => {
          const isGain = partial.size >= best + leastGainBytes;
          best = Math.max(best, partial.size);
          gains = isGain ? gains + 1 : 0;
          return !isGain;
        },
      },
    );
  } catch (error) {
    throw signal.aborted ? cancelled(signal) : error;
  } finally {
    // What came before a cancel is good, too.
    await partial.settle().catch(() => {});
    await partial.close();
  }
}

class Download {
  readonly #url: string;
  readonly #options: DownloadOptions;
  readonly #parts: DownloadParts;
  readonly #partial: PartialFile;
  readonly #pace: (bytes: number) => Promise<void>;
  #fetchedBytes = 0;
  #saidAt = 0;

  constructor(url: string, options: DownloadOptions, parts: DownloadParts, partial: PartialFile) {
    this.#url = url;
    this.#options = options;
    this.#parts = parts;
    this.#partial = partial;
    this.#pace = rateLimit(options.limitBytesPerSecond, parts.signal);
  }

  /** The whole is compared with a known digest, so a part of a wrong file cannot stay unseen. */
  get #trustsDigest(): boolean {
    return this.#options.expected?.sha256 !== undefined;
  }

  async attempt(): Promise<Downloaded> {
    await this.#partial.settle();
    const { dispatcher, signal, passwords } = this.#parts;
    const stallMs = this.#options.stallMs ?? usualStallMs;
    const headers = resumeHeaders(this.#partial, this.#trustsDigest);
    try {
      const response = await requestFile({ url: this.#url, headers, dispatcher, signal, passwords, stallMs });
      try {
        if (await this.#take(response)) await this.#receive(response);
      } finally {
        response.body.on('error', () => {}).destroy();
      }
      return await this.#finish(response);
    } catch (error) {
      if (signal.aborted) throw cancelled(signal);
      throw await this.#explain(error, stallMs);
    }
  }

  /** Makes the partial file ready for the body. False when there is nothing more to come. */
  async #take(response: FileResponse): Promise<boolean> {
    const { status } = response;
    const partial = this.#partial;
    if (status === 200) {
      if (partial.size > 0) this.#options.onNote?.(this.#whyOver(response));
      await partial.begin(beginningOf(this.#url, response, contentLength(response)));
    } else if (status === 206) {
      await this.#takeRange(response);
    } else if (status === 416) {
      const total = rangeOf(response).total;
      if (partial.size > 0 && total === partial.size && (partial.beginning?.totalBytes ?? total) === total)
        return false;
      await partial.discard();
      throw fail('MSP_DOWNLOAD_RANGE', { url: response.url, problem: 'the server has no such part of it (416)' });
    } else if (status === 404 || status === 410) {
      throw fail('MSP_DOWNLOAD_NOT_FOUND', { url: response.url, status });
    } else {
      throw statusFailure(response);
    }
    await this.#checkSize(response);
    return true;
  }

  async #takeRange(response: FileResponse): Promise<void> {
    const { start, total } = rangeOf(response);
    const known = this.#partial.beginning;
    const isSame =
      start === this.#partial.size &&
      known !== null &&
      [known.totalBytes ?? total, known.totalBytes].includes(total) &&
      isSameState(known, beginningOf(this.#url, response, total), this.#trustsDigest);
    if (isSame) return;
    // Some servers ignore If-Range, and two versions must never be glued together.
    await this.#partial.discard();
    throw fail('MSP_DOWNLOAD_RANGE', { url: response.url, problem: 'the server sends a part of another file' });
  }

  async #checkSize({ url }: FileResponse): Promise<void> {
    const { maxBytes, expected } = this.#options;
    const totalBytes = this.#partial.beginning?.totalBytes ?? null;
    if (totalBytes === null) return;
    if (maxBytes !== undefined && totalBytes > maxBytes) {
      await this.#partial.discard();
      throw fail('MSP_DOWNLOAD_TOO_LARGE', { url, maxBytes });
    }
    if (expected?.sizeBytes !== undefined && expected.sizeBytes !== totalBytes) {
      await this.#partial.discard();
      throw fail('MSP_DOWNLOAD_SIZE', { url, expectedBytes: expected.sizeBytes, actualBytes: totalBytes });
    }
    await this.#partial.requireSpace(totalBytes - this.#partial.size);
  }

  async #receive(response: FileResponse): Promise<void> {
    const { maxBytes = Infinity, expected } = this.#options;
    const most = Math.min(maxBytes, expected?.sizeBytes ?? Infinity);
    const totalBytes = this.#partial.beginning?.totalBytes ?? null;
    for await (const chunk of response.body) {
      const bytes = chunk as Buffer;
      this.#fetchedBytes += bytes.length;
      if (this.#partial.size + bytes.length > most) {
        await this.#partial.discard();
        throw fail('MSP_DOWNLOAD_TOO_LARGE', { url: response.url, maxBytes: most });
      }
      await this.#partial.append(bytes);
      this.#options.onGrown?.(this.#grown(response));
      this.#say(totalBytes, false);
      await this.#pace(bytes.length);
    }
    await this.#partial.settle();
    this.#say(totalBytes, true);
    if (totalBytes !== null && this.#partial.size !== totalBytes) {
      const doneBytes = this.#partial.size;
      if (doneBytes > totalBytes) await this.#partial.discard();
      const problem = 'the server announces another size than it sends';
      throw fail('MSP_DOWNLOAD_CUT', { url: response.url, doneBytes, totalBytes, problem });
    }
  }

  async #finish({ url, secure }: FileResponse): Promise<Downloaded> {
    const { expected, path, durable = true } = this.#options;
    const { size: sizeBytes, beginning } = this.#partial;
    const wrongSize = expected?.sizeBytes !== undefined && expected.sizeBytes !== sizeBytes;
    const sha256 = wrongSize ? '' : this.#partial.digest();
    if (wrongSize || (expected?.sha256 !== undefined && expected.sha256 !== sha256)) {
      await this.#partial.discard();
      if (wrongSize)
        throw fail('MSP_DOWNLOAD_SIZE', { url, expectedBytes: expected.sizeBytes ?? 0, actualBytes: sizeBytes });
      throw fail('MSP_DOWNLOAD_DIGEST', { url, expected: expected?.sha256 ?? '', actual: sha256 });
    }
    await this.#partial.settle();
    // The disk has little else to do meanwhile.
    await Promise.all([this.#options.onWhole?.(this.#grown({ secure })), durable && this.#partial.sync()]);
    const place = typeof path === 'string' ? path : path(sha256);
    await this.#partial.publish(place, durable);
    const { etag, lastModified } = beginning ?? { etag: null, lastModified: null };
    return { url, secure, path: place, sha256, sizeBytes, etag, lastModified, fetchedBytes: this.#fetchedBytes };
  }

  async #explain(error: unknown, stallMs: number): Promise<unknown> {
    // What came before the end is good, and is needed for going on.
    await this.#partial.settle();
    if (MachinespawnError.is(error)) return error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const doneBytes = this.#partial.size;
    if (code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT')
      return fail('MSP_DOWNLOAD_STALLED', { url: this.#url, doneBytes, stallMs }, error);
    const failure = networkFailure(this.#url, error);
    if (doneBytes === 0 || failure.code !== 'MSP_NETWORK') return failure;
    const { problem } = failure.data as { problem: string };
    const totalBytes = this.#partial.beginning?.totalBytes ?? null;
    return fail('MSP_DOWNLOAD_CUT', { url: this.#url, doneBytes, totalBytes, problem }, error);
  }

  #whyOver(response: FileResponse): string {
    const known = this.#partial.beginning;
    const now = beginningOf(this.#url, response, contentLength(response));
    const isSame = known !== null && known.etag === now.etag && known.lastModified === now.lastModified;
    return isSame
      ? 'starts over: the server cannot go on in the middle of a file'
      : 'starts over: the server has another file now';
  }

  #grown({ secure }: Pick<FileResponse, 'secure'>): GrownFile {
    return { path: this.#partial.path, sizeBytes: this.#partial.size, secure };
  }

  #say(totalBytes: number | null, isLast: boolean): void {
    const nowMs = performance.now();
    if (!isLast && nowMs - this.#saidAt < progressEachMs) return;
    this.#saidAt = nowMs;
    this.#options.onProgress?.(this.#partial.size, totalBytes);
  }
}

function resumeHeaders(partial: PartialFile, trustsDigest: boolean): Readonly<Record<string, string>> {
  const { size, beginning } = partial;
  if (size === 0 || beginning === null) return {};
  const validator = strongValidator(beginning);
  if (validator === null && !trustsDigest) return {};
  return { range: `bytes=${size}-`, ...(validator === null ? {} : { 'if-range': validator }) };
}

function beginningOf(url: string, response: FileResponse, totalBytes: number | null): Beginning {
  return { url, etag: response.header('etag'), lastModified: response.header('last-modified'), totalBytes };
}

function contentLength(response: FileResponse): number | null {
  const text = response.header('content-length');
  return text !== null && /^\d+$/u.test(text) ? Number(text) : null;
}

/** Of "bytes 5-9/10", "bytes 5-9/*", "bytes *\/10". */
function rangeOf(response: FileResponse): { readonly start: number | null; readonly total: number | null } {
  const text = response.header('content-range') ?? '';
  const [, start, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/u.exec(text) ?? [];
  return {
    start: start === undefined ? null : Number(start),
    total: total === undefined || total === '*' ? null : Number(total),
  };
}
