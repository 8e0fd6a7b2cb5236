/** Looks for a package proxy that nobody has named: what the DNS announces, else on this host, else on the gateway. */
import type { StepServices } from '../../host/services.ts';
import { parseDefaultGateways, parseSearchDomains } from '../../model/network-files.ts';
import { identifyPackageProxy, packageProxyPorts } from '../../model/package-proxy.ts';
import type { Context } from '../define-step.ts';
import { isReleaseFile } from './judge-proxy.ts';

/** For all questions together, since they are asked side by side. */
const budgetMs = 1000;
/** This host and the gateway are near; a gateway that drops what it does not like must not cost a second each time. */
const connectMs = 300;
const mostDomains = 3;
const mostAnnounced = 4;

export interface FoundProxy {
  readonly url: string;
  /** Such as "apt-cacher-ng on this host". */
  readonly reason: string;
}

export interface ProxySearch {
  /** Address of a release file that is to be had through it; null when that is not known. */
  readonly url: string | null;
  /** Only this host, and no DNS: for what is to begin at once. */
  readonly near: boolean;
}

/** The best one that answers as one of those that are known; null when there is none. Takes a second at most. */
export async function findProxy(context: Context, search: ProxySearch): Promise<FoundProxy | null> {
  const { services } = context;
  const start = services.facts.nowMs();
  const [announced, hosts] = await Promise.all([
    search.near ? [] : announcedProxies(services),
    hostsToAsk(services, search.near),
  ]);
  const left = Math.max(250, budgetMs - (services.facts.nowMs() - start));
  // Nobody announces a server by chance: what it is need not be known, only that it is a proxy.
  const [byName, ...byPort] = await Promise.all([
    firstServing(services, announced, search.url, left),
    ...hosts.flatMap(({ host, where }) =>
      packageProxyPorts.map(async (port) => await look(context, `http://${host}:${port}`, where, left)),
    ),
  ]);
  return byName ?? (await firstThat(byPort, async (found) => await usable(context, found, search.url)));
}

async function announcedProxies(services: StepServices): Promise<readonly FoundProxy[]> {
  const domains = parseSearchDomains(await textOf(services, '/etc/resolv.conf')).slice(0, mostDomains);
  const names = domains.map((domain) => `_apt_proxy._tcp.${domain}`);
  const records = await Promise.all(
    names.map(async (name) =>
      (await services.proxies.serviceRecords(name, { timeoutMs: budgetMs / 2 })).map(({ host, port }) => ({
        url: `http://${host}:${port}`,
        reason: `announced by ${name}`,
      })),
    ),
  );
  return records.flat().slice(0, mostAnnounced);
}

async function hostsToAsk(
  services: StepServices,
  near: boolean,
): Promise<readonly { readonly host: string; readonly where: string }[]> {
  const gateways = near ? [] : parseDefaultGateways(await textOf(services, '/proc/net/route'));
  return [
    { host: '127.0.0.1', where: 'on this host' },
    ...gateways.map((host) => ({ host, where: 'on the default gateway' })),
  ];
}

async function textOf(services: StepServices, path: string): Promise<string> {
  return (await services.files.info(path)) === null ? '' : await services.files.readText(path);
}

interface Seen extends FoundProxy {
  readonly name: string;
}

async function look({ services, log }: Context, url: string, where: string, timeoutMs: number): Promise<Seen | null> {
  const answer = await services.net.probe(`${url}/`, { timeoutMs, connectMs });
  if (answer === null) return null;
  const name = identifyPackageProxy(answer);
  if (name === null) {
    log.info(`what answers at ${url} (${answer.status}) is no package proxy that is known, so it is not used`);
    return null;
  }
  return { url, name, reason: `${name} ${where}` };
}

/** It must hand out what is wanted, or say that the archive has no such file. */
async function usable({ services, log }: Context, found: Seen | null, url: string | null): Promise<FoundProxy | null> {
  if (found === null) return null;
  if (!(await serves(services, found.url, url, 5 * budgetMs))) {
    log.info(`the ${found.name} at ${found.url} does not hand out ${url ?? 'anything'}, so it is not used`);
    return null;
  }
  return { url: found.url, reason: found.reason };
}

async function serves(services: StepServices, proxy: string, url: string | null, timeoutMs: number): Promise<boolean> {
  if (url === null) return true;
  const answer = await services.proxies.ask(proxy, url, { timeoutMs });
  return answer.kind === 'answer' && answer.status === 200 && isReleaseFile(answer.body);
}

async function firstServing(
  services: StepServices,
  list: readonly FoundProxy[],
  url: string | null,
  timeoutMs: number,
): Promise<FoundProxy | null> {
  const answers = await Promise.all(list.map(async (one) => await serves(services, one.url, url, timeoutMs)));
  return list.find((_, index) => answers[index] === true) ?? null;
}

async function firstThat<T, R>(list: readonly T[], choose: (item: T) => Promise<R | null>): Promise<R | null> {
  for (const item of list) {
    const chosen = await choose(item);
    if (chosen !== null) return chosen;
  }
  return null;
}
