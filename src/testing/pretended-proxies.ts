import { ProxyBook } from '../host/proxies.ts';
import type { Proxies } from '../host/net-services.ts';
import type { FakeHost } from './fake-host.ts';
import type { Moments } from './moments.ts';

export function pretendProxies(moments: Moments, host: FakeHost): Proxies {
  const book = new ProxyBook();
  return {
    hide: (url) => book.hide(url),
    reveal: (url) => book.reveal(url),
    leave: (url) => book.leave(url),
    hasLeft: (url) => book.hasLeft(url),
    ask: (proxy, url) =>
      moments.call(`ask(${proxy}, ${url})`, 'reads', () => {
        const answer = host.proxies?.[book.reveal(proxy)]?.(url);
        return answer ?? { kind: 'unreachable', problem: 'connection refused' };
      }),
    serviceRecords: (name) => moments.call(`serviceRecords(${name})`, 'reads', () => host.serviceRecords?.[name] ?? []),
  };
}
