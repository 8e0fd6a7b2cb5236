import { expect, test } from 'vitest';
import type { ProxyAnswer } from '../../../src/host/net-services.ts';
import { detectProxy } from '../../../src/steps/detect-proxy.ts';
import { exits, fakeHost, prints, testStep, type FakeHost, type World } from '../../../src/testing.ts';
import { inRelease } from './archive-fixture.ts';

const input = { image: 'debian-12' };
const release = 'http://deb.debian.org/debian/dists/bookworm/InRelease';
const answer =
  (status: number, body = '', headers: Record<string, string> = {}) =>
  (): ProxyAnswer => ({
    kind: 'answer',
    status,
    headers,
    body,
  });
const works = answer(200, inRelease());
/** Proxies that hand out the release file. */
const working = (...urls: readonly string[]) => ({ proxies: Object.fromEntries(urls.map((url) => [url, works])) });
const apt = (line: string, ...urls: readonly string[]): FakeHost =>
  fakeHost({ programs: { 'apt-config': prints('APT "";', line) }, ...working(...urls) });
const fromApt = "from the host's apt configuration";
const detector = '/usr/bin/auto-apt-proxy';
const autoDetect = `Acquire::http::Proxy-Auto-Detect "${detector}";`;
const detected = (program: ReturnType<typeof prints>) =>
  fakeHost({ programs: { 'apt-config': prints(autoDetect), [detector]: program }, ...working('http://d:3142') });
const everything = { use: 'everything' } as const;
const packages = { use: 'packages' } as const;
const none = (reason = 'none found') => ({ url: null, reason, ...packages });

const usage = { status: 406, body: '<title>Not Found</title><td>Apt-Cacher NG Usage Information</td>' };
const local = (port: number) => `http://127.0.0.1:${port}`;
const gateway = 'http://192.0.2.1:3142';
const routes =
  'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n' +
  'tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\n' +
  'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n' +
  'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n';
const onGateway = { prepare: (world: World): void => world.put({ '/proc/net/route': routes }) };
const srv = '_apt_proxy._tcp.example.org';
const inDomain = {
  prepare: (world: World): void => world.put({ '/etc/resolv.conf': 'nameserver 192.0.2.53\nsearch example.org\n' }),
};
const says = (text: RegExp) => (world: World) =>
  expect(world.logged).toEqual(expect.arrayContaining([expect.stringMatching(text)]));

testStep(
  detectProxy,
  {
    accepts: [
      {
        name: 'none asked for',
        input: { ...input, proxy: 'none' },
        host: { env: { http_proxy: 'http://e:1' } },
        output: none('as asked'),
      },
      {
        name: 'one asked for, before the environment',
        input: { ...input, proxy: 'http://p:3142' },
        host: { env: { http_proxy: 'http://e:1' }, ...working('http://p:3142') },
        output: { url: 'http://p:3142', reason: 'as asked', ...everything },
      },
      {
        name: 'one with a password, which nobody gets to see',
        input: { ...input, proxy: 'http://u:se@cret@p:3142' },
        host: working('http://u:se%40cret@p:3142', 'http://u:se@cret@p:3142'),
        output: { url: 'http://***@p:3142', reason: 'as asked', ...everything },
      },
      {
        name: 'one that cannot reach the archive at the moment',
        input: { ...input, proxy: 'http://p:3128' },
        host: { proxies: { 'http://p:3128': answer(503) } },
        output: { url: 'http://p:3128', reason: 'as asked', ...everything },
      },
      {
        name: 'one that says that the archive has no such file',
        input: { ...input, proxy: 'http://p:3128' },
        host: {
          proxies: { 'http://p:3128': answer(404, 'not found') },
          net: { 'http://p:3128/': { status: 400, body: 'not a request for a proxy' } },
        },
        output: { url: 'http://p:3128', reason: 'as asked', ...everything },
      },
      {
        name: "the environment's, before apt's",
        input,
        host: {
          ...apt('Acquire::http::Proxy "http://a:1";', 'http://a:1', 'http://e:1'),
          env: { http_proxy: 'http://e:1' },
        },
        output: { url: 'http://e:1', reason: 'from the environment', ...everything },
      },
      {
        name: "the environment's for everything",
        input,
        host: { env: { all_proxy: 'http://e:2' }, ...working('http://e:2') },
        output: { url: 'http://e:2', reason: 'from the environment', ...everything },
      },
      {
        name: "the environment's for https",
        input: { ...input, mirror: 'https://mirror.example/debian' },
        host: { env: { http_proxy: 'http://e:1', https_proxy: 'http://e:2' }, ...working('http://e:1', 'http://e:2') },
        output: { url: 'http://e:2', reason: 'from the environment', ...everything },
      },
      {
        name: 'none for a host that the environment excepts',
        input,
        host: { env: { http_proxy: 'http://e:1', no_proxy: 'localhost, .debian.org' }, ...working('http://e:1') },
        output: { ...none('no_proxy names deb.debian.org'), ...everything },
      },
      {
        name: 'none where the environment names a dead one',
        input,
        host: { env: { http_proxy: 'http://u:pw@e:1' } },
        output: { ...none('the one of http_proxy does not work'), ...everything },
        after: says(/^warn the proxy http:\/\/\*\*\*@e:1 \(http_proxy\) cannot be reached: .*: it is not used$/u),
      },
      {
        name: "apt's",
        input,
        host: apt('Acquire::http::Proxy "http://a:1/";', 'http://a:1/'),
        output: { url: 'http://a:1/', reason: fromApt, ...packages },
      },
      {
        name: "apt's for the host of the archive",
        input: { ...input, mirror: 'http://mirror.example/debian' },
        host: fakeHost({
          programs: {
            'apt-config': prints(
              'Acquire::http::Proxy "http://a:1/";',
              'Acquire::http::Proxy::mirror.example "http://b:2/";',
            ),
          },
          ...working('http://a:1/', 'http://b:2/'),
        }),
        output: { url: 'http://b:2/', reason: fromApt, ...packages },
      },
      {
        name: 'none for the host of the archive',
        input: { ...input, mirror: 'http://mirror.example/debian' },
        host: apt('Acquire::http::Proxy::mirror.example "DIRECT";'),
        output: none("the host's apt configuration says so"),
      },
      {
        name: "the one of apt's detector",
        input,
        host: detected(prints('http://d:3142')),
        output: { url: 'http://d:3142', reason: `from ${detector}`, ...packages },
        after: (world) => expect(world.commands.at(-1)?.args).toEqual(['http://deb.debian.org/debian']),
      },
      {
        name: 'none, says the detector',
        input,
        host: detected(prints('DIRECT')),
        output: none(`${detector} says so`),
      },
      { name: 'a silent detector', input, host: detected(prints()), output: none() },
      {
        name: 'a broken detector',
        input,
        host: detected(exits(3, 'oh no')),
        output: none(),
        after: says(/^warn the proxy detector \/usr\/bin\/auto-apt-proxy failed/u),
      },
      { name: 'nothing anywhere', input, host: apt('A "";'), output: none() },
      { name: 'a host without apt', input, output: none() },
      {
        name: 'apt-cacher-ng on this host, before the one on the gateway',
        input,
        ...onGateway,
        host: {
          net: { [`${local(3142)}/`]: usage, [`${gateway}/`]: usage },
          ...working(local(3142), gateway),
        },
        output: { url: local(3142), reason: 'apt-cacher-ng on this host', ...packages },
      },
      {
        name: 'apt-cacher on the gateway, where this host has only a web server',
        input,
        ...onGateway,
        host: {
          net: {
            [`${local(3142)}/`]: '<title>Welcome</title>',
            [`${gateway}/`]: '<title>Apt-cacher version 1</title>',
          },
          ...working(local(3142), gateway),
        },
        output: { url: gateway, reason: 'apt-cacher on the default gateway', ...packages },
        after: says(/^info what answers at http:\/\/127\.0\.0\.1:3142 \(200\) is no package proxy that is known/u),
      },
      {
        name: 'approx that does not have this archive',
        input,
        host: {
          net: { [`${local(9999)}/`]: '<title>approx server</title>' },
          proxies: { [local(9999)]: answer(404) },
        },
        output: none(),
        after: says(/^info the approx at http:\/\/127\.0\.0\.1:9999 does not hand out/u),
      },
      {
        name: 'squid-deb-proxy',
        input,
        host: {
          net: { [`${local(8000)}/`]: { status: 400, headers: { via: '1.1 here (squid-deb-proxy/6.1)' } } },
          ...working(local(8000)),
        },
        output: { url: local(8000), reason: 'squid-deb-proxy on this host', ...packages },
      },
      {
        name: 'the one that the DNS announces, before all others, unless it is dead',
        input,
        ...inDomain,
        host: {
          serviceRecords: {
            [srv]: [
              { host: 'dead.example.org', port: 3142 },
              { host: 'cache.example.org', port: 3128 },
            ],
          },
          net: { [`${local(3142)}/`]: usage },
          ...working(local(3142), 'http://cache.example.org:3128'),
        },
        output: { url: 'http://cache.example.org:3128', reason: `announced by ${srv}`, ...packages },
      },
      {
        name: 'none for an archive on this host',
        input: { ...input, mirror: 'http://127.0.0.1:8080/debian' },
        host: { net: { [`${local(3142)}/`]: usage }, ...working(local(3142)) },
        output: none('the archive is on this host'),
      },
      {
        name: 'none for an archive in a directory',
        input: { ...input, mirror: 'file:///srv/debian' },
        host: { env: { http_proxy: 'http://e:1' } },
        output: none('the archive is on this host'),
      },
      {
        name: 'none that is only found, for https',
        input: { ...input, mirror: 'https://mirror.example/debian' },
        host: { net: { [`${local(3142)}/`]: usage }, ...working(local(3142)) },
        output: none('the archive is read by https'),
      },
      {
        name: 'for a command: one on this host',
        input: {},
        ...onGateway,
        host: { net: { [`${local(3142)}/`]: usage, [`${gateway}/`]: usage } },
        output: { url: local(3142), reason: 'apt-cacher-ng on this host', ...packages },
      },
      {
        name: 'for a command: none that is further away',
        input: {},
        ...onGateway,
        host: { net: { [`${gateway}/`]: usage } },
        output: none(),
      },
      {
        name: "for a command: the environment's, as it is",
        input: {},
        host: { env: { http_proxy: 'http://e:1' } },
        output: { url: 'http://e:1', reason: 'from the environment', ...everything },
      },
      {
        name: "for a command: apt's, unless it is dead",
        input: {},
        host: apt('Acquire::http::Proxy "http://a:1";'),
        output: none("the one of the host's apt configuration does not work"),
        after: says(/^warn the proxy http:\/\/a:1 .* cannot be reached/u),
      },
    ],
    fails: [
      { name: 'a word', input: { ...input, proxy: 'yes' }, code: 'MSP_USAGE' },
      { name: 'one by https', input: { ...input, proxy: 'https://p:3142' }, code: 'MSP_USAGE' },
      { name: 'a word in the environment', input, host: { env: { http_proxy: 'proxy:3142' } }, code: 'MSP_USAGE' },
      { name: 'nothing there', input: { ...input, proxy: 'http://p:1' }, code: 'MSP_PROXY_UNREACHABLE' },
      { name: 'nothing there for a command', input: { proxy: 'http://p:1' }, code: 'MSP_PROXY_UNREACHABLE' },
      {
        name: 'no answer',
        input: { ...input, proxy: 'http://p:2' },
        host: { proxies: { 'http://p:2': () => ({ kind: 'silent', problem: 'no answer within 5 s' }) } },
        code: 'MSP_PROXY_UNREACHABLE',
      },
      {
        name: 'one that wants a password',
        input: { ...input, proxy: 'http://p:3128' },
        host: { proxies: { 'http://p:3128': answer(407) } },
        code: 'MSP_PROXY_AUTH',
      },
      {
        name: 'one of the environment that wants a password',
        input,
        host: { env: { http_proxy: 'http://p:3128' }, proxies: { 'http://p:3128': answer(407) } },
        code: 'MSP_PROXY_AUTH',
      },
      {
        name: 'something that does not speak HTTP',
        input: { ...input, proxy: 'http://p:22' },
        host: { proxies: { 'http://p:22': () => ({ kind: 'no-http', problem: 'its answer is not HTTP' }) } },
        code: 'MSP_PROXY_NOT_A_PROXY',
      },
      {
        name: 'a web server',
        input: { ...input, proxy: 'http://p:80' },
        host: {
          proxies: { 'http://p:80': answer(404, `no ${release}`) },
          net: {
            'http://p:80/': 'Welcome',
            'http://p/debian/dists/bookworm/InRelease': { status: 404, body: 'no /debian/dists/bookworm/InRelease' },
          },
        },
        code: 'MSP_PROXY_NOT_A_PROXY',
      },
    ],
  },
  test,
);

test('detect-proxy: is known by no proxy, and shows no password', () => {
  const key = (proxy: string) => detectProxy.identity?.(detectProxy.input.parse({ ...input, proxy }));
  expect(key('http://p:1')).toEqual(key('none'));
  expect(detectProxy.describe?.({ url: 'http://***@p:3142/', reason: 'as asked', use: 'packages' })).toBe(
    'p:3142 (as asked)',
  );
});
