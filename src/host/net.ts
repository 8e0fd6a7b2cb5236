import type { Dispatcher } from 'undici';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { cancelled } from './cancelled.ts';
import { HttpConnections } from './http-connections.ts';
import { networkFailure, networkProblem, requestFile } from './http-request.ts';
import type { Downloaded, DownloadOptions, FetchOptions, HostFacts, Net } from './services.ts';

/** Loads what a fetch needs while there is nothing else to do: it takes longer than a small fetch. */
export function warmUpNet(): void {
  import('undici').catch(() => undefined);
}

export interface NetSettings {
  readonly env: HostFacts['env'];
  readonly signal: AbortSignal;
  /** Wait before the second try, in milliseconds; doubled for each further one. @default 500 */
  readonly retryDelayMs?: number;
}

const tries = 4;
const probeBytes = 65_536;

const canPass = (error: unknown): boolean => {
  if (!MachinespawnError.is(error)) return false;
  if (error.code === 'MSP_NETWORK') return error.data['final'] !== true;
  const status = error.data['status'];
  return error.code === 'MSP_HTTP_STATUS' && typeof status === 'number' && (status >= 500 || status === 429);
};

async function readBody(
  response: Pick<Dispatcher.ResponseData, 'body'>,
  url: string,
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBytes) {
      response.body.destroy();
      throw fail('MSP_NETWORK', { url, problem: `it is larger than ${maxBytes} bytes`, final: true });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** HTTP, with what the step's signal, the proxy settings and the limits ask for. */
export class HttpNet implements Net {
  readonly #settings: NetSettings;
  readonly #connections: HttpConnections;

  constructor(settings: NetSettings) {
    this.#settings = settings;
    this.#connections = new HttpConnections(settings.env);
  }

  /** Ends the connections that were kept. */
  async close(): Promise<void> {
    await this.#connections.close();
  }

  async download(url: string, options: DownloadOptions): Promise<Downloaded> {
    const { download } = await import('./download.ts');
    const { signal, retryDelayMs = 500 } = this.#settings;
    return await download(url, options, {
      dispatcher: await this.#connections.to(options.proxy),
      signal,
      retryDelayMs,
    });
  }

  /** Throws MSP_NETWORK, MSP_HTTP_STATUS, MSP_CANCELLED. Not retried: 4xx, but for 429, and what is too large. */
  async fetch(
    url: string,
    options: FetchOptions = {},
  ): Promise<{ readonly body: Buffer; readonly url: string } | null> {
    const { signal, retryDelayMs = 500 } = this.#settings;
    if (signal.aborted) throw cancelled(signal);
    const { default: retry } = await import('p-retry');
    const dispatcher = await this.#connections.to(options.proxy);
    try {
      return await retry(() => this.#fetchOnce(url, options, dispatcher), {
        retries: tries - 1,
        minTimeout: retryDelayMs,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => canPass(error),
      });
    } catch (error) {
      throw signal.aborted ? cancelled(signal) : error;
    }
  }

  async probe(
    url: string,
    options: { readonly timeoutMs: number },
  ): Promise<{
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  } | null> {
    try {
      const { Agent, request } = (await import('undici')).default;
      const dispatcher = new Agent();
      try {
        const signal = AbortSignal.any([this.#settings.signal, AbortSignal.timeout(options.timeoutMs)]);
        const response = await request(url, { dispatcher, signal });
        const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        const body = await readBody(response, url, probeBytes);
        return { status: response.statusCode, headers: Object.fromEntries(headers), body: body.toString('utf8') };
      } finally {
        await dispatcher.destroy();
      }
    } catch {
      return null;
    }
  }

  async #fetchOnce(
    url: string,
    options: FetchOptions,
    dispatcher: Dispatcher,
  ): Promise<{ readonly body: Buffer; readonly url: string } | null> {
    const timeoutMs = options.timeoutMs ?? 60_000;
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([this.#settings.signal, limit]);
    try {
      const response = await requestFile({ url, headers: {}, dispatcher, signal, stallMs: timeoutMs });
      if (response.status === 200)
        return { body: await readBody(response, response.url, options.maxBytes ?? 67_108_864), url: response.url };
      await response.body.dump();
      if (response.status === 404) return null;
      throw fail('MSP_HTTP_STATUS', { url: response.url, status: response.status });
    } catch (error) {
      if (MachinespawnError.is(error)) throw error;
      throw networkFailure(
        url,
        error,
        limit.aborted ? `no answer within ${timeoutMs / 1000} s` : networkProblem(error),
      );
    }
  }
}
