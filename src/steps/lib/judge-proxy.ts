/** Is that a proxy, and does it work? Asked before anything is fetched through it. */
import { fail, type MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import { identifyPackageProxy } from '../../model/package-proxy.ts';

const timeoutMs = 5000;
/** A page that no server has. */
const nowhere = '/machinespawn/no/such/page';
/** Headers that only a proxy adds. */
const marks = ['via', 'x-cache', 'x-cache-lookup', 'x-squid-error', 'proxy-connection', 'proxy-agent'];

export interface ProxyQuestion {
  readonly proxy: string;
  /** Who named it, for the error. */
  readonly source: string;
  /** What is to be fetched through it; null when that is not known, so that it need only answer. */
  readonly url: string | null;
}

/**
 * Null when it will do, else the error: MSP_PROXY_UNREACHABLE, MSP_PROXY_AUTH or MSP_PROXY_NOT_A_PROXY. A proxy that
 * cannot reach the archive at the moment will do: it is left when something is to be fetched.
 */
export async function judgeProxy(services: StepServices, question: ProxyQuestion): Promise<MachinespawnError | null> {
  const { proxy, source, url } = question;
  const about = { proxy, source };
  const unreachable = (problem: string) => fail('MSP_PROXY_UNREACHABLE', { ...about, problem });
  const own = (path: string) => services.net.probe(new URL(path, origin(proxy)).href, { timeoutMs });
  if (url === null) return (await own('/')) === null ? unreachable('nothing there speaks HTTP') : null;
  const answer = await services.proxies.ask(proxy, url, { timeoutMs });
  if (answer.kind === 'no-http') return fail('MSP_PROXY_NOT_A_PROXY', { ...about, problem: answer.problem });
  if (answer.kind !== 'answer') return unreachable(answer.problem);
  const { status, headers, body } = answer;
  if (status === 407) return fail('MSP_PROXY_AUTH', about);
  if (isReleaseFile(body) || (status >= 502 && status <= 504)) return null;
  if (marks.some((name) => name in headers)) return null;
  const [root, ...pages] = await Promise.all(['/', new URL(url).pathname, nowhere].map(own));
  if (root != null && identifyPackageProxy(root) !== null) return null;
  // A server that takes the address of another host for a path of its own.
  const isServer = pages.some((page) => page?.status === status && bare(page.body, url) === bare(body, url));
  return isServer
    ? fail('MSP_PROXY_NOT_A_PROXY', { ...about, problem: `it answers ${status} with pages of its own` })
    : null;
}

export function isReleaseFile(body: string): boolean {
  return /^(?:-----BEGIN PGP SIGNED MESSAGE-----|(?:Origin|Suite|Codename): )/mu.test(body.slice(0, 4096));
}

function origin(proxy: string): string {
  return `http://${new URL(proxy).host}`;
}

/** What is left of a page without what it repeats of the request, and without times and numbers. */
function bare(body: string, url: string): string {
  return body.replaceAll(url, '').replaceAll(new URL(url).pathname, '').replaceAll(nowhere, '').replaceAll(/\d+/gu, '');
}
