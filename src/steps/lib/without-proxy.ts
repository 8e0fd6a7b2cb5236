/** A proxy that dies must not take the build with it. */
import { MachinespawnError } from '../../errors/machinespawn-error.ts';
import { leftNotice } from '../../model/package-proxy.ts';
import type { Context } from '../define-step.ts';
import { isReleaseFile } from './judge-proxy.ts';

const timeoutMs = 5000;
/** What fails so may have failed for the proxy. */
const suspicious: readonly string[] = ['MSP_DEBOOTSTRAP_NETWORK', 'MSP_PACKAGE_CORRUPT'];

/**
 * Does `action` through the proxy; once more and directly when it failed and the proxy is found to be in the way.
 * `url`: a release file that is to be had through it. `retreat`: called before the second try.
 */
export async function leavingDeadProxy<T>(
  context: Context,
  proxy: string | null,
  url: string,
  action: (proxy: string | null) => Promise<T>,
  retreat: () => Promise<void>,
): Promise<T> {
  const { proxies } = context.services;
  if (proxy === null || proxies.hasLeft(proxy)) return await action(null);
  try {
    return await action(proxy);
  } catch (error) {
    if (!MachinespawnError.is(error) || !suspicious.includes(error.code)) throw error;
    const problem =
      error.code === 'MSP_PACKAGE_CORRUPT' ? 'a package came damaged' : await faultOf(context, proxy, url);
    if (problem === null) throw error;
    if (proxies.leave(proxy)) context.log.warn(leftNotice(proxy, problem));
    await retreat();
    return await action(null);
  }
}

async function faultOf({ services }: Context, proxy: string, url: string): Promise<string | null> {
  const answer = await services.proxies.ask(proxy, url, { timeoutMs });
  if (answer.kind !== 'answer') return answer.problem;
  if (answer.status === 200 && isReleaseFile(answer.body)) return null;
  return `it answers ${answer.status}`;
}
