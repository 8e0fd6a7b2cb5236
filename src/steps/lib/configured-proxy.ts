/** The proxy that this host is set up with: in the environment, or for its own apt. */
import { MachinespawnError } from '../../errors/machinespawn-error.ts';
import { isExempt, parseProxyUrl } from '../../model/package-proxy.ts';
import type { Context } from '../define-step.ts';

export interface ConfiguredProxy {
  /** Null: it says that there is to be none. */
  readonly url: string | null;
  readonly reason: string;
  /** Who names it. */
  readonly source: string;
  /** What it is for: whatever is fetched, or packages. */
  readonly use: 'everything' | 'packages';
}

/** `mirror`: what is to be read; '' when that is not known. Throws MSP_USAGE for what is no address. */
export async function configuredProxy(context: Context, mirror: string): Promise<ConfiguredProxy | null> {
  return exempt(context, mirror) ?? fromEnvironment(context, mirror) ?? (await fromApt(context, mirror));
}

function exempt({ services }: Context, mirror: string): ConfiguredProxy | null {
  const noProxy = services.facts.env('no_proxy') ?? '';
  const host = URL.canParse(mirror) ? new URL(mirror).hostname : '';
  if (host === '' || !isExempt(host, noProxy)) return null;
  return { url: null, reason: `no_proxy names ${host}`, source: 'no_proxy', use: 'everything' };
}

function fromEnvironment({ services }: Context, mirror: string): ConfiguredProxy | null {
  const own = mirror.startsWith('https:') ? 'https_proxy' : 'http_proxy';
  for (const source of [own, 'all_proxy'] as const) {
    const url = services.facts.env(source) ?? '';
    if (url !== '')
      return { url: parseProxyUrl(url, source), reason: 'from the environment', source, use: 'everything' };
  }
  return null;
}

const aptSource = "the host's apt configuration";

async function fromApt(context: Context, mirror: string): Promise<ConfiguredProxy | null> {
  const { services } = context;
  if ((await services.facts.findProgram('apt-config')) === null) return null;
  const { stdout } = await services.exec({ file: 'apt-config', args: ['dump'], reads: true, sandbox: false });
  const settings = new Map(
    [...stdout.matchAll(/^(\S+) "(.*)";$/gmu)].map(([, key = '', value = '']) => [key.toLowerCase(), value]),
  );
  const host = URL.canParse(mirror) ? new URL(mirror).hostname : '';
  // What is set for http counts for https, too, unless https has its own.
  const schemes = mirror.startsWith('https:') ? ['https', 'http'] : ['http'];
  const keys = schemes.flatMap((scheme) => [`acquire::${scheme}::proxy::${host}`, `acquire::${scheme}::proxy`]);
  const given = keys.map((key) => settings.get(key)).find((value) => value !== undefined && value !== '') ?? '';
  const use = 'packages';
  if (given.toUpperCase() === 'DIRECT') return { url: null, reason: `${aptSource} says so`, source: aptSource, use };
  if (given !== '')
    return { url: parseProxyUrl(given, aptSource), reason: `from ${aptSource}`, source: aptSource, use };
  const detector = settings.get('acquire::http::proxy-auto-detect') || settings.get('acquire::http::proxyautodetect');
  return detector === undefined || detector === '' ? null : await askDetector(context, detector, mirror);
}

/** As apt does it: the detector gets the address and prints a proxy, DIRECT or nothing. */
async function askDetector(
  { services, log }: Context,
  detector: string,
  mirror: string,
): Promise<ConfiguredProxy | null> {
  try {
    const args = mirror === '' ? [] : [mirror];
    const { stdout } = await services.exec({ file: detector, args, reads: true, timeoutMs: 5000 });
    const answer = stdout.trim().split('\n').at(-1)?.trim() ?? '';
    const about = { source: detector, use: 'packages' } as const;
    if (answer === '') return null;
    if (answer.toUpperCase() === 'DIRECT') return { url: null, reason: `${detector} says so`, ...about };
    return { url: parseProxyUrl(answer, detector), reason: `from ${detector}`, ...about };
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code === 'MSP_CANCELLED') throw error;
    log.warn(`the proxy detector ${detector} failed, so no proxy is used: ${error.message.split('\n')[0]}`);
    return null;
  }
}
