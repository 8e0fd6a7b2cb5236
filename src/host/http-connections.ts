/** Connections that are kept alive between requests, one pool for each way to the network. */
import type { Dispatcher } from 'undici';
import { requireProxyUrl } from '../model/package-proxy.ts';
import type { HostFacts } from './services.ts';

export class HttpConnections {
  readonly #env: HostFacts['env'];
  readonly #pools = new Map<string, Promise<Dispatcher>>();

  constructor(env: HostFacts['env']) {
    this.#env = env;
  }

  /** `proxy`: undefined asks the environment, null is none. Throws MSP_USAGE for a proxy that is no address. */
  async to(proxy: string | null | undefined): Promise<Dispatcher> {
    const name = proxy === undefined ? 'environment' : (proxy ?? 'none');
    const pool = this.#pools.get(name) ?? this.#open(proxy);
    this.#pools.set(name, pool);
    return await pool;
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    for (const pool of pools) await pool.then((dispatcher) => dispatcher.destroy()).catch(() => {});
  }

  #proxyFrom(own: 'http_proxy' | 'https_proxy'): string {
    const name = this.#env(own) === undefined ? 'all_proxy' : own;
    const url = this.#env(name) ?? '';
    return url === '' ? '' : requireProxyUrl(url, name);
  }

  async #open(proxy: string | null | undefined): Promise<Dispatcher> {
    // CommonJS: a bundle knows its names only below `default`.
    const { Agent, EnvHttpProxyAgent, ProxyAgent } = (await import('undici')).default;
    if (proxy === null) return new Agent();
    if (proxy !== undefined) return new ProxyAgent({ uri: proxy, proxyTunnel: false });
    const [httpProxy, httpsProxy] = [this.#proxyFrom('http_proxy'), this.#proxyFrom('https_proxy')];
    const agent = new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy: this.#env('no_proxy') ?? '' });
    if (httpsProxy !== '' || httpProxy === '') return agent;
    // undici takes the proxy for http then, which no other program does: many a one of them cannot do https.
    const direct = await this.to(null);
    return agent.compose(
      (dispatch) => (options, handler) =>
        String(options.origin).startsWith('https:') ? direct.dispatch(options, handler) : dispatch(options, handler),
    );
  }
}
