/** What this process knows of proxies. */
import { Resolver } from 'node:dns/promises';
import { redact } from '../errors/redact.ts';
import { askProxy } from './ask-proxy.ts';
import type { Proxies, ProxyAnswer, ServiceRecord } from './net-services.ts';

/** Shared by all attempts of all steps. It is never written down, so user names and passwords end with the process. */
export class ProxyBook {
  /** "host:port" -> "user:password", as they stand in a URL. */
  readonly #credentials = new Map<string, string>();
  readonly #left = new Set<string>();

  hide(url: string): string {
    const hidden = redact(url);
    if (hidden === url || !URL.canParse(url)) return hidden;
    const { host, username, password } = new URL(url);
    if (username !== '***') this.#credentials.set(host, password === '' ? username : `${username}:${password}`);
    return hidden;
  }

  reveal(url: string): string {
    if (!URL.canParse(url)) return url;
    const { host } = new URL(url);
    const credentials = this.#credentials.get(host);
    const rest = url.replace(/^([a-z]+:\/\/)(?:[^/@]*@)?/u, '$1');
    return credentials === undefined ? rest : rest.replace('://', () => `://${credentials}@`);
  }

  leave(url: string): boolean {
    const { host } = new URL(url);
    const isNew = !this.#left.has(host);
    this.#left.add(host);
    return isNew;
  }

  hasLeft(url: string): boolean {
    return this.#left.has(new URL(url).host);
  }
}

/** The book, and questions to proxies that end when the step does. */
export class HostProxies implements Proxies {
  readonly #book: ProxyBook;
  readonly #signal: AbortSignal;

  readonly #nameServers: readonly string[] | null;

  /** `nameServers`: ADDRESS:PORT of those to ask. @default those of resolv.conf(5) */
  constructor(book: ProxyBook, signal: AbortSignal, nameServers: readonly string[] | null = null) {
    this.#book = book;
    this.#signal = signal;
    this.#nameServers = nameServers;
  }

  hide(url: string): string {
    return this.#book.hide(url);
  }

  reveal(url: string): string {
    return this.#book.reveal(url);
  }

  leave(url: string): boolean {
    return this.#book.leave(url);
  }

  hasLeft(url: string): boolean {
    return this.#book.hasLeft(url);
  }

  async ask(proxy: string, url: string, options: { readonly timeoutMs: number }): Promise<ProxyAnswer> {
    return await askProxy(this.#book.reveal(proxy), url, { ...options, signal: this.#signal });
  }

  async serviceRecords(name: string, { timeoutMs }: { readonly timeoutMs: number }): Promise<readonly ServiceRecord[]> {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
    if (this.#nameServers !== null) resolver.setServers(this.#nameServers);
    const stop = (): void => resolver.cancel();
    // The resolver's own time-out is one for each server.
    const limit = setTimeout(stop, timeoutMs);
    this.#signal.addEventListener('abort', stop, { once: true });
    try {
      const records = await resolver.resolveSrv(name);
      return records
        .toSorted((one, other) => one.priority - other.priority || other.weight - one.weight)
        .map(({ name: host, port }) => ({ host, port }));
    } catch {
      return [];
    } finally {
      clearTimeout(limit);
      this.#signal.removeEventListener('abort', stop);
    }
  }
}
