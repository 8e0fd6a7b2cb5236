import type { Dispatcher } from 'undici';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { cancelled } from './cancelled.ts';
import type { FetchOptions, Fetched, HostFacts, Net } from './services.ts';

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
const mostRedirects = 5;
const probeBytes = 65_536;
const redirections = [301, 302, 303, 307, 308];

const canPass = (error: unknown): boolean => {
  if (!MachinespawnError.is(error)) return false;
  if (error.code === 'MSP_NETWORK') return error.data['final'] !== true;
  const status = error.data['status'];
  return error.code === 'MSP_HTTP_STATUS' && typeof status === 'number' && (status >= 500 || status === 429);
};

/** The innermost reason: undici wraps, and a failed connection is a bundle of one error per address. */
function problemOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return problemOf(error.errors[0]);
  if (error instanceof Error && error.cause instanceof Error) return problemOf(error.cause);
  return error instanceof Error ? error.message || error.name : String(error);
}

/** What a cache hands on bears the hour of its first answer. */
function servedAt({ date, age }: Dispatcher.ResponseData['headers']): Pick<Fetched, 'servedAt'> {
  const ms = typeof date === 'string' && age === undefined ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? {} : { servedAt: new Date(ms).toISOString() };
}

async function readBody(response: Dispatcher.ResponseData, url: string, maxBytes: number): Promise<Buffer> {
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

/** HTTP for small files, with what the step's signal, the proxy settings and the limits ask for. */
export class HttpNet implements Net {
  readonly #settings: NetSettings;

  constructor(settings: NetSettings) {
    this.#settings = settings;
  }

  async exists(url: string, options: FetchOptions = {}): Promise<boolean> {
    try {
      return (await this.#retried(url, options, 'HEAD')) !== null;
    } catch (error) {
      // Not every server and proxy knows HEAD.
      if (!MachinespawnError.is(error) || error.code !== 'MSP_HTTP_STATUS') throw error;
      return (await this.fetch(url, options)) !== null;
    }
  }

  /** Throws MSP_NETWORK, MSP_HTTP_STATUS, MSP_REDIRECT_LOOP, MSP_CANCELLED. Not retried: 4xx, but for 429, and what is too large. */
  async fetch(url: string, options: FetchOptions = {}): Promise<Fetched | null> {
    return await this.#retried(url, options, 'GET');
  }

  async #retried(url: string, options: FetchOptions, method: 'GET' | 'HEAD') {
    const { signal, retryDelayMs = 500 } = this.#settings;
    if (signal.aborted) throw cancelled(signal);
    const { default: retry } = await import('p-retry');
    const dispatcher = await this.#dispatcher(options.proxy);
    try {
      return await retry(() => this.#fetchOnce(url, options, dispatcher, method), {
        retries: tries - 1,
        minTimeout: retryDelayMs,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => canPass(error),
      });
    } catch (error) {
      throw signal.aborted ? cancelled(signal) : error;
    } finally {
      await dispatcher.destroy();
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

  async #dispatcher(proxy: string | null | undefined): Promise<Dispatcher> {
    // CommonJS: a bundle knows its names only below `default`.
    const { Agent, EnvHttpProxyAgent, ProxyAgent } = (await import('undici')).default;
    if (proxy === null) return new Agent();
    if (proxy !== undefined) return new ProxyAgent({ uri: proxy, proxyTunnel: false });
    const { env } = this.#settings;
    const all = env('all_proxy');
    return new EnvHttpProxyAgent({
      httpProxy: env('http_proxy') ?? all ?? '',
      httpsProxy: env('https_proxy') ?? all ?? '',
      noProxy: env('no_proxy') ?? '',
    });
  }

  async #fetchOnce(
    url: string,
    options: FetchOptions,
    dispatcher: Dispatcher,
    method: 'GET' | 'HEAD',
  ): Promise<Fetched | null> {
    const { request } = (await import('undici')).default;
    const limit = AbortSignal.timeout(options.timeoutMs ?? 60_000);
    const signal = AbortSignal.any([this.#settings.signal, limit]);
    let place = url;
    try {
      for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
        const response = await request(place, { dispatcher, signal, method });
        const { statusCode: status } = response;
        const { location } = response.headers;
        if (redirections.includes(status) && typeof location === 'string') {
          await response.body.dump();
          place = new URL(location, place).href;
          continue;
        }
        if (status === 200)
          return {
            body: await readBody(response, place, options.maxBytes ?? 67_108_864),
            url: place,
            ...servedAt(response.headers),
          };
        await response.body.dump();
        if (status === 404) return null;
        throw fail('MSP_HTTP_STATUS', { url: place, status });
      }
      throw fail('MSP_REDIRECT_LOOP', { url, times: mostRedirects });
    } catch (error) {
      if (MachinespawnError.is(error)) throw error;
      const problem = limit.aborted ? `no answer within ${(options.timeoutMs ?? 60_000) / 1000} s` : problemOf(error);
      const isBadUrl =
        error instanceof Error &&
        'code' in error &&
        ['ERR_INVALID_URL', 'UND_ERR_INVALID_ARG'].includes(String(error.code));
      throw fail('MSP_NETWORK', { url: place, problem, ...(isBadUrl ? { final: true } : {}) }, error);
    }
  }
}
