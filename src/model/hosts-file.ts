/** /etc/hosts of a machine. */

/** @param hostname the machine's host name; with dots, its first part is an alias. */
export function hostsFile(hostname: string): string {
  const short = hostname.split('.')[0] ?? hostname;
  const own = short === hostname ? hostname : `${hostname} ${short}`;
  return [
    '127.0.0.1\tlocalhost',
    `127.0.1.1\t${own}`,
    '',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    '',
  ].join('\n');
}
