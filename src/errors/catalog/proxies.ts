import { entry } from '../entry.ts';

/** Proxies that somebody named, which are no good. `source`: who named it, such as "--proxy". */
export const proxyErrors = {
  MSP_PROXY_UNREACHABLE: entry<{ proxy: string; source: string; problem: string }>({
    exit: 7,
    message: ({ proxy, source, problem }) => `the proxy ${proxy} (${source}) cannot be reached: ${problem}`,
    hint: () => 'start it, or do without: --proxy none',
  }),
  MSP_PROXY_AUTH: entry<{ proxy: string; source: string }>({
    exit: 7,
    message: ({ proxy, source }) => `the proxy ${proxy} (${source}) asks for a user name and a password`,
    hint: () => 'MACHINESPAWN_PROXY=http://USER:PASSWORD@HOST:PORT, or do without: --proxy none',
  }),
  MSP_PROXY_NOT_A_PROXY: entry<{ proxy: string; source: string; problem: string }>({
    exit: 7,
    message: ({ proxy, source, problem }) => `what answers at ${proxy} (${source}) is not a proxy: ${problem}`,
    hint: () => 'look at host and port, or do without: --proxy none',
  }),
} as const;
