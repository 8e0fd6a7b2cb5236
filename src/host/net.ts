import type { Dispatcher } from 'undici';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { leftNotice, requireProxyUrl } from '../model/package-proxy.ts';
import { cancelled } from './cancelled.ts';
import { HttpConnections } from './http-connections.ts';
import { networkFailure, networkProblem, requestFile, type FileResponse, type Method } from './http-request.ts';
import { isListening } from './is-listening.ts';
import { ProxyBook } from './proxies.ts';
import type { Downloaded, DownloadOptions, Fetched, FetchOptions, Net, Peeked, PeekOptions } from './net-services.ts';
import { statusFailure, waitAsTold } from './retry-after.ts';
import type { HostFacts } from './services.ts';
import { SitePasswords } from './site-passwords.ts';

export interface NetSettings {
  readonly env: HostFacts['env'];
  readonly signal: AbortSignal;
  /** Wait before the second try, in milliseconds; doubled for each further one. @default 500 */
  readonly retryDelayMs?: number;
  /** What this process knows of proxies. @default nothing */
  readonly proxies?: ProxyBook;
  /** Of the hosts that are asked. @default none */
  readonly passwords?: SitePasswords;
  /** Told when a proxy is left. */
  readonly warn?: (text: string) => void;
}

const tries = 4;
/** What is in the way is left for the direct way, which has its own tries. */
const triesOfProxy = 2;
const probeBytes = 65_536;
const usualBytes = 67_108_864;

const canPass = (error: unknown): boolean => {
  if (!MachinespawnError.is(error)) return false;
  if (error.code === 'MSP_NETWORK') return error.data['final'] !== true;
  const status = error.data['status'];
  return error.code === 'MSP_HTTP_STATUS' && typeof status === 'number' && (status >= 500 || status === 429);
};

/** What a cache hands on bears the hour of its first answer. */
function servedAt(response: FileResponse): Pick<Fetched, 'servedAt'> {
  const ms = response.header('age') === null ? Date.parse(response.header('date') ?? '') : Number.NaN;
  return Number.isNaN(ms) ? {} : { servedAt: new Date(ms).toISOString() };
}

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

function mayBeInTheWay(error: MachinespawnError): boolean {
  if (error.code === 'MSP_NETWORK') return error.data['final'] !== true;
  // It may give out its own certificate for that of the server.
  const isMeddling = ['MSP_TLS_UNTRUSTED', 'MSP_REDIRECT_REFUSED'].includes(error.code);
  return isMeddling || ['MSP_HTTP_STATUS', 'MSP_DOWNLOAD_CUT', 'MSP_DOWNLOAD_STALLED'].includes(error.code);
}

/** HTTP, with what the step's signal, the proxy settings and the limits ask for. */
export class HttpNet implements Net {
  readonly #settings: NetSettings;
  readonly #proxies: ProxyBook;
  readonly #passwords: SitePasswords;
  readonly #connections: HttpConnections;

  constructor(settings: NetSettings) {
    this.#settings = settings;
    this.#proxies = settings.proxies ?? new ProxyBook();
    this.#passwords = settings.passwords ?? new SitePasswords();
    this.#connections = new HttpConnections(settings.env);
  }

  /** Ends the connections that were kept. */
  async close(): Promise<void> {
    await this.#connections.close();
  }

  async download(url: string, options: DownloadOptions): Promise<Downloaded> {
    const { download } = await import('./download.ts');
    const { signal, retryDelayMs = 500 } = this.#settings;
    return await this.#byProxy(
      options.proxy,
      async (proxy, retries) =>
        await download(
          url,
          { ...options, ...(retries !== null && { retries }) },
          { dispatcher: await this.#connections.to(proxy), signal, retryDelayMs, passwords: this.#passwords },
        ),
    );
  }

  async peek(url: string, options: PeekOptions): Promise<Peeked> {
    const { peek } = await import('./peek.ts');
    const { signal, retryDelayMs = 500 } = this.#settings;
    return await this.#byProxy(
      options.proxy,
      async (proxy, retries) =>
        await peek(
          url,
          { ...options, ...(retries !== null && { retries }) },
          { dispatcher: await this.#connections.to(proxy), signal, retryDelayMs, passwords: this.#passwords },
        ),
    );
  }

  async exists(url: string, options: FetchOptions = {}): Promise<boolean> {
    try {
      return (await this.#ask('HEAD', url, options)) !== null;
    } catch (error) {
      // Not every server and proxy knows HEAD.
      if (!MachinespawnError.is(error) || error.code !== 'MSP_HTTP_STATUS') throw error;
      return (await this.fetch(url, options)) !== null;
    }
  }

  /**
   * Throws MSP_NETWORK, MSP_TLS_UNTRUSTED, MSP_HTTP_STATUS, MSP_REDIRECT_LOOP, MSP_REDIRECT_REFUSED, MSP_CANCELLED;
   * MSP_USAGE for a proxy that is no address.
   * Not retried: 4xx, but for 429, bad certificates and redirects, and what is too large.
   */
  async fetch(url: string, options: FetchOptions = {}): Promise<Fetched | null> {
    return await this.#ask('GET', url, options);
  }

  async #ask(method: Method, url: string, options: FetchOptions): Promise<Fetched | null> {
    return await this.#byProxy(
      options.proxy,
      async (proxy, retries) =>
        await this.#askBy(method, url, { ...options, proxy }, retries ?? options.retries ?? tries - 1),
    );
  }

  /** `work` gets the proxy with its password, and how often to try again; null for as often as usual. */
  async #byProxy<T>(
    proxy: string | null | undefined,
    work: (proxy: string | null | undefined, retries: number | null) => Promise<T>,
  ): Promise<T> {
    if (typeof proxy !== 'string') return await work(proxy, null);
    requireProxyUrl(proxy, '--proxy');
    if (this.#proxies.hasLeft(proxy)) return await work(null, null);
    try {
      return await work(this.#proxies.reveal(proxy), triesOfProxy - 1);
    } catch (error) {
      if (!MachinespawnError.is(error) || !mayBeInTheWay(error)) throw error;
      // Where the direct way leads nowhere either, it need not be the proxy's fault.
      const found = await work(null, triesOfProxy - 1).catch((other: unknown) => {
        throw this.#settings.signal.aborted ? other : error;
      });
      if (this.#proxies.leave(proxy)) this.#settings.warn?.(leftNotice(proxy, error.message));
      return found;
    }
  }

  async #askBy(method: Method, url: string, options: FetchOptions, retries: number): Promise<Fetched | null> {
    const { signal, retryDelayMs = 500 } = this.#settings;
    if (signal.aborted) throw cancelled(signal);
    const { default: retry } = await import('p-retry');
    const dispatcher = await this.#connections.to(options.proxy);
    try {
      return await retry(() => this.#askOnce(method, url, options, dispatcher), {
        retries,
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

  async probe(
    url: string,
    options: { readonly timeoutMs: number; readonly connectMs?: number },
  ): Promise<{
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  } | null> {
    try {
      const signal = AbortSignal.any([this.#settings.signal, AbortSignal.timeout(options.timeoutMs)]);
      if (!(await isListening(url, options.connectMs ?? options.timeoutMs, signal))) return null;
      const { Agent, request } = (await import('undici')).default;
      const dispatcher = new Agent();
      try {
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

  async #askOnce(method: Method, url: string, options: FetchOptions, dispatcher: Dispatcher): Promise<Fetched | null> {
    const timeoutMs = options.timeoutMs ?? 60_000;
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([this.#settings.signal, limit]);
    try {
      const response = await requestFile({
        method,
        url,
        headers: {},
        dispatcher,
        signal,
        passwords: this.#passwords,
        stallMs: timeoutMs,
      });
      if (response.status === 200) {
        const body = await readBody(response, response.url, options.maxBytes ?? usualBytes);
        return { body, url: response.url, ...servedAt(response) };
      }
      await response.body.dump();
      if (response.status === 404) return null;
      throw statusFailure(response);
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
