/** A proxy that dies must not take the build with it. */
import { MachinespawnError } from '../../errors/machinespawn-error.ts';
import { leftNotice } from '../../model/package-proxy.ts';
import type { Context } from '../define-step.ts';
import { isReleaseFile } from './judge-proxy.ts';

const timeoutMs = 5000;
/** What fails so may have failed for the proxy. */
const suspicious: readonly string[] = ['MSP_DEBOOTSTRAP_NETWORK', 'MSP_PACKAGE_CORRUPT'];

/** One way to do it: through a proxy (null for directly), given up when the signal says so. */
export interface Way {
  readonly proxy: string | null;
  readonly giveUp: AbortSignal;
  /** To be called whenever a download goes on, and with false when it is over. */
  readonly downloads: (goesOn: boolean) => void;
}

export interface Journey<T> {
  readonly proxy: string | null;
  /** A release file that is to be had through it. */
  readonly url: string;
  readonly go: (way: Way) => Promise<T>;
  /** Called before the direct way is tried. */
  readonly retreat: () => Promise<void>;
  /** A download that stands still for so long raises the question whether the proxy does. @default 20000 */
  readonly patienceMs?: number;
}

/** Goes through the proxy; once more and directly when that failed, or stands still, and the proxy is found to be the cause. */
export async function leavingDeadProxy<T>(context: Context, journey: Journey<T>): Promise<T> {
  const { proxy, url, go, retreat, patienceMs = 20_000 } = journey;
  const { proxies } = context.services;
  const direct: Way = { proxy: null, giveUp: new AbortController().signal, downloads: () => undefined };
  if (proxy === null || proxies.hasLeft(proxy)) return await go(direct);
  const watch = new Watch(() => faultOf(context, proxy, url), patienceMs);
  try {
    return await go({ proxy, giveUp: watch.signal, downloads: (goesOn) => watch.hear(goesOn) });
  } catch (error) {
    if (!MachinespawnError.is(error)) throw error;
    if (watch.fault === null && !suspicious.includes(error.code)) throw error;
    const damaged = error.code === 'MSP_PACKAGE_CORRUPT' ? 'a package came damaged' : null;
    const problem = watch.fault ?? damaged ?? (await faultOf(context, proxy, url));
    if (problem === null || context.signal.aborted) throw error;
    if (proxies.leave(proxy)) context.log.warn(leftNotice(proxy, problem));
  } finally {
    watch.end();
  }
  await retreat();
  return await go(direct);
}

async function faultOf({ services }: Context, proxy: string, url: string): Promise<string | null> {
  const answer = await services.proxies.ask(proxy, url, { timeoutMs });
  if (answer.kind !== 'answer') return answer.problem;
  if (answer.status === 200 && isReleaseFile(answer.body)) return null;
  return `it answers ${answer.status}`;
}

/** Asks for a fault when nothing has been heard for a while. debootstrap would wait for each file anew. */
class Watch {
  /** What is wrong with the proxy, once that is known. */
  fault: string | null = null;
  readonly #controller = new AbortController();
  readonly #ask: () => Promise<string | null>;
  readonly #patienceMs: number;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;

  constructor(ask: () => Promise<string | null>, patienceMs: number) {
    this.#ask = ask;
    this.#patienceMs = patienceMs;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  hear(goesOn: boolean): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = goesOn && !this.#isOver ? setTimeout(() => void this.#look(), this.#patienceMs) : null;
  }

  end(): void {
    this.#isOver = true;
    this.hear(false);
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    const fault = await this.#ask().catch(() => null);
    // Something was heard meanwhile, or it is over.
    if (this.#isOver || timer !== this.#timer) return;
    if (fault === null) return this.hear(true);
    this.fault = fault;
    this.#controller.abort();
  }
}
