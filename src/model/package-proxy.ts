/** Package proxies: what they are told by, and the addresses that they are named with. */
import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';

/** What a server answered, as far as it tells what it is. Names of headers are in lower case. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface PackageProxy {
  readonly name: string;
  readonly port: number;
  readonly isThis: (answer: ServerAnswer) => boolean;
}

/** As auto-apt-proxy(1) tells them, in its order: by what they answer to `GET /`. */
export const packageProxies: readonly PackageProxy[] = [
  {
    name: 'apt-cacher-ng',
    port: 3142,
    // The words are those of its status line; the page says what it is.
    isThis: ({ status, body }) => status === 406 && /apt-cacher[ -]ng/iu.test(body),
  },
  { name: 'approx', port: 9999, isThis: ({ body }) => /<title>approx\s*server<\/title>/iu.test(body) },
  // Its successor has its name in its title, too.
  { name: 'apt-cacher', port: 3142, isThis: ({ body }) => /<title>apt-cacher(?![ -]ng)/iu.test(body) },
  { name: 'squid-deb-proxy', port: 8000, isThis: ({ headers }) => /squid-deb-proxy/iu.test(headers['via'] ?? '') },
];

export const packageProxyPorts: readonly number[] = [...new Set(packageProxies.map(({ port }) => port))];

/** Name of the package proxy that gives such an answer to `GET /`; null for anything else, whatever its port. */
export function identifyPackageProxy(answer: ServerAnswer): string | null {
  return packageProxies.find(({ isThis }) => isThis(answer))?.name ?? null;
}

/** `source`: who named it. Throws MSP_USAGE; debootstrap's wget can use nothing but http://. */
export function parseProxyUrl(text: string, source: string): string {
  if (/^http:\/\/[^\s'"\\]+$/u.test(text) && URL.canParse(text)) return text;
  throw noProxy(text, source);
}

/** For what is fetched by this program itself, which knows more kinds than debootstrap's wget. Throws MSP_USAGE. */
export function requireProxyUrl(text: string, source: string): string {
  if (/^(?:https?|socks5?):\/\//iu.test(text) && URL.canParse(text)) return text;
  throw noProxy(text, source);
}

function noProxy(text: string, source: string): MachinespawnError {
  return fail('MSP_USAGE', {
    // Without a scheme, nobody else sees that there is a password in it.
    problem: `the proxy that ${source} names is not the address of one: '${text.replace(/^[^/]*@/u, '***@')}'`,
    hint: '--proxy none, or --proxy http://HOST:PORT',
  });
}

/** What a person is told, once, when a proxy is given up. */
export function leftNotice(proxy: string, problem: string): string {
  const place = URL.canParse(proxy) ? new URL(proxy).host : proxy;
  return `the proxy ${place} is in the way, so the rest is fetched directly (${problem})`;
}

/** Does `no_proxy` (host names, suffixes of them, addresses, *) except this host? The rules are curl's. */
export function isExempt(host: string, noProxy: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/gu, '');
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/u)
    .map((entry) => entry.replace(/^\*?\./u, '').replace(/^([^:]+):\d+$/u, '$1'))
    .some((entry) => entry === '*' || (entry !== '' && (name === entry || name.endsWith(`.${entry}`))));
}

/** Names this computer itself. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[?::1\]?)$/iu.test(host);
}
