/** Gives a command in a machine the host's proxy, for its own time only: by its environment, never by its tree. */
import { isLoopback } from '../../model/package-proxy.ts';
import type { Context } from '../define-step.ts';

/** /run is in memory in every machine, so that a mount point made there is gone with the command. */
const aptConfiguration = '/run/machinespawn/apt.conf';
/** Options with which a machine has a network of its own, as systemd-nspawn(1) lists them. */
const ownNetwork =
  /^(?:-n|--private-network|--network-(?:veth|veth-extra|bridge|zone|interface|macvlan|ipvlan|namespace-path))(?:=(?!no$)|$)/u;

export interface LentProxy {
  /** For systemd-nspawn. */
  readonly args: readonly string[];
  /** For systemd-nspawn, too: everyone may read its arguments, but only root its environment. */
  readonly env: Readonly<Record<string, string>>;
}

const nothing: LentProxy = { args: [], env: {} };

export interface Loan {
  readonly url: string | null;
  /** A proxy for packages would refuse other programs, so that only apt is told of it. */
  readonly use: 'everything' | 'packages';
  readonly nspawnArgs: readonly string[];
}

/** A proxy on this host's loopback device is out of reach for a machine with a network of its own: it gets none. */
export async function lendProxy(context: Context, { url, use, nspawnArgs }: Loan): Promise<LentProxy> {
  if (url === null) return nothing;
  const { services, log } = context;
  const { host, hostname } = new URL(url);
  if (isLoopback(hostname) && nspawnArgs.some((argument) => ownNetwork.test(argument))) {
    log.info(`the proxy ${host} cannot be reached from a private network, so the command gets none`);
    return nothing;
  }
  if (use === 'everything') {
    const env = forEverything(context, url);
    return { args: Object.keys(env).map((name) => `--setenv=${name}`), env };
  }
  const file = `${services.directories.scratch}/apt.conf`;
  await services.files.writeText(file, `Acquire::http::Proxy "${services.proxies.reveal(url)}";\n`, { mode: 0o644 });
  const source = file.replaceAll(':', String.raw`\:`);
  return { args: [`--bind-ro=${source}:${aptConfiguration}`, `--setenv=APT_CONFIG=${aptConfiguration}`], env: {} };
}

/** The environment's own go on as they are. */
function forEverything({ services }: Context, url: string): Readonly<Record<string, string>> {
  const { facts, proxies } = services;
  const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'] as const;
  const given = names.flatMap((name) => {
    const value = facts.env(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const isOwn = given.some(([, value]) => proxies.hide(value) === url);
  const exceptions = given.filter(([name]) => isOwn || name === 'no_proxy');
  const revealed = proxies.reveal(url);
  return { ...(!isOwn && { http_proxy: revealed, https_proxy: revealed }), ...Object.fromEntries(exceptions) };
}
