/** Files in which Linux says how the network is reached. */

/** IPv4 addresses of the default gateways in /proc/net/route; a route on the link has none (0.0.0.0). */
export function parseDefaultGateways(routes: string): readonly string[] {
  const gateways = routes
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([, destination, gateway, , , , , mask]) => isZero(destination) && isZero(mask) && !isZero(gateway))
    .map(([, , gateway = '']) => address(gateway));
  return [...new Set(gateways)];
}

const isZero = (hex: string | undefined): boolean => hex === '00000000';

/** The kernel writes the number as the processor has it in memory: little-endian on all that we run on. */
function address(hex: string): string {
  return (hex.match(/../gu) ?? [])
    .map((byte) => Number.parseInt(byte, 16))
    .toReversed()
    .join('.');
}

/** Search domains of a resolv.conf(5): the last `search` or `domain` line counts. */
export function parseSearchDomains(resolvConf: string): readonly string[] {
  const line = resolvConf
    .split('\n')
    .map((text) => /^(?:search|domain)\s+(.*)$/u.exec(text.trim())?.[1])
    .findLast((text) => text !== undefined);
  return (line ?? '').split(/\s+/u).filter((domain) => /^[\w-]+(?:\.[\w-]+)*\.?$/u.test(domain));
}
