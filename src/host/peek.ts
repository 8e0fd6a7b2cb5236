/** The first bytes of a file on a server, and what the server tells about it: one request. */
import type { Dispatcher } from 'undici';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { cancelled } from './cancelled.ts';
import { networkFailure, requestFile, type FileResponse } from './http-request.ts';
import type { SitePasswords } from './site-passwords.ts';
import { statusFailure, waitAsTold } from './retry-after.ts';
import type { Peeked, PeekOptions } from './net-services.ts';

const usualStallMs = 30_000;
const usualRetries = 4;

export interface PeekParts {
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly retryDelayMs: number;
  readonly passwords: SitePasswords;
}

/** Tries again what can pass. Throws MSP_DOWNLOAD_NOT_FOUND, MSP_HTTP_STATUS, MSP_NETWORK, MSP_TLS_UNTRUSTED, MSP_REDIRECT_*, MSP_CANCELLED. */
export async function peek(url: string, options: PeekOptions, parts: PeekParts): Promise<Peeked> {
  const { signal, retryDelayMs } = parts;
  const { default: retry } = await import('p-retry');
  try {
    return await retry(() => peekOnce(url, options, parts), {
      retries: options.retries ?? usualRetries,
      minTimeout: retryDelayMs,
      randomize: true,
      signal,
      shouldRetry: ({ error }) => canPass(error),
      onFailedAttempt: async (failed) => await waitAsTold(failed, signal),
    });
  } catch (error) {
    throw signal.aborted ? cancelled(signal) : error;
  }
}

function canPass(error: unknown): boolean {
  if (!MachinespawnError.is(error)) return false;
  if (error.code === 'MSP_NETWORK') return error.data['final'] !== true;
  const status = Number(error.data['status']);
  return error.code === 'MSP_HTTP_STATUS' && (status >= 500 || status === 429);
}

async function peekOnce(url: string, options: PeekOptions, parts: PeekParts, isPart = true): Promise<Peeked> {
  const { bytes, known } = options;
  const { dispatcher, signal, passwords } = parts;
  const headers: Record<string, string> = isPart ? { range: `bytes=0-${bytes - 1}` } : {};
  if (known?.etag) headers['if-none-match'] = known.etag;
  else if (known?.lastModified) headers['if-modified-since'] = known.lastModified;
  try {
    const response = await requestFile({ url, headers, dispatcher, signal, passwords, stallMs: usualStallMs });
    const { status } = response;
    try {
      if (status === 404 || status === 410) throw fail('MSP_DOWNLOAD_NOT_FOUND', { url: response.url, status });
      // An empty file has no first byte; else the server has no parts of it, but may have the whole.
      const isEmpty = /^bytes \*\/0$/u.test(response.header('content-range') ?? '');
      if (status === 416 && !isEmpty && isPart) return await peekOnce(url, options, parts, false);
      if ((status === 416 && !isEmpty) || ![200, 206, 304, 416].includes(status)) throw statusFailure(response);
      const start = status === 200 || status === 206 ? await readStart(response, bytes) : Buffer.alloc(0);
      return {
        url: response.url,
        secure: response.secure,
        isKnown: status === 304,
        start,
        sizeBytes: sizeOf(response),
        etag: response.header('etag'),
        lastModified: response.header('last-modified'),
      };
    } finally {
      response.body.on('error', () => {}).destroy();
    }
  } catch (error) {
    if (MachinespawnError.is(error)) throw error;
    throw networkFailure(url, error);
  }
}

async function readStart(response: FileResponse, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

function sizeOf(response: FileResponse): number | null {
  const whole = response.status === 206 ? /\/(\d+)$/u.exec(response.header('content-range') ?? '')?.[1] : undefined;
  const length = whole ?? (response.status === 200 ? response.header('content-length') : null);
  return length !== null && length !== undefined && /^\d+$/u.test(length) ? Number(length) : null;
}
