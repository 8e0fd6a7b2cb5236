import { describe, expect, it } from 'vitest';
import { parseDefaultGateways, parseSearchDomains } from '../../../src/model/network-files.ts';
import {
  identifyPackageProxy,
  isExempt,
  isLoopback,
  leftNotice,
  parseProxyUrl,
} from '../../../src/model/package-proxy.ts';
import { errorOf } from './error-of.ts';

const page = (body: string, status = 200, headers: Record<string, string> = {}) => ({ status, headers, body });

describe('a package proxy is told by its answer', () => {
  it.each([
    ['apt-cacher-ng', page('<td class="title">Apt-Cacher NG Usage Information</td>', 406)],
    ['approx', page('<title>approx  server</title>')],
    ['apt-cacher', page('<TITLE>Apt-cacher version 1.7.29</TITLE>')],
    ['squid-deb-proxy', page('', 400, { via: '1.1 host (squid-deb-proxy/5.7)' })],
    [null, page('<td>Apt-Cacher NG Usage Information</td>')],
    [null, page('not acceptable', 406)],
    [null, page('<title>Welcome to nginx!</title>')],
    [null, page('<title>Apt-Cacher NG maintenance</title>')],
    [null, page('', 400, { via: '1.1 host (squid/5.7)' })],
    [null, page('')],
  ])('%s', (name, answer) => {
    expect(identifyPackageProxy(answer)).toBe(name);
  });
});

it.each([
  ['deb.debian.org', 'debian.org', true],
  ['deb.debian.org', '.debian.org', true],
  ['deb.debian.org', 'a.example *.debian.org', true],
  ['DEB.debian.org', 'deb.Debian.org:80', true],
  ['10.0.0.1', 'localhost,10.0.0.1', true],
  ['[::1]', '::1', true],
  ['deb.debian.org', '*', true],
  ['deb.debian.org', 'bian.org', false],
  ['debian.org', 'deb.debian.org', false],
  ['deb.debian.org', '', false],
  ['deb.debian.org', ' , .', false],
])('%s is excepted by no_proxy=%s: %s', (host, noProxy, expected) => {
  expect(isExempt(host, noProxy)).toBe(expected);
});

it('knows the names of this host', () => {
  expect(['localhost', '127.0.0.1', '127.1.2.3', '[::1]', 'a.localhost'].filter((host) => !isLoopback(host))).toEqual(
    [],
  );
  expect(['localhost.example', '1270.0.0.1', '10.127.0.1', 'deb.debian.org'].filter(isLoopback)).toEqual([]);
});

it.each(['p', 'p:3142', 'https://p', 'ftp://p', 'http://', "http://p'", 'http://p q', String.raw`http://p\n`, ''])(
  '%s is no address of a proxy',
  (text) => {
    expect(errorOf(() => parseProxyUrl(text, '--proxy')).code).toBe('MSP_USAGE');
  },
);

it('never repeats a password', () => {
  const error = errorOf(() => parseProxyUrl('https://u:a@b@p', '--proxy'));
  expect(error.message).toBe("the proxy that --proxy names is not the address of one: 'https://***@p'");
  expect(leftNotice('http://u:pw@p:1', 'gone')).not.toContain('pw');
});

describe('files of the network', () => {
  it('gateways of default routes', () => {
    const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
    const route = (destination: string, gateway: string, mask: string): string =>
      `eth0\t${destination}\t${gateway}\t0003\t0\t0\t100\t${mask}\t0\t0\t0\n`;
    const some = head + route('00000000', '0100A8C0', '00000000') + route('000010AC', '0100A8C0', '0000FFFF');
    expect(parseDefaultGateways(some)).toEqual(['192.168.0.1']);
    // On the link (T34), twice the same, a half line.
    expect(parseDefaultGateways(head + route('00000000', '00000000', '00000000'))).toEqual([]);
    expect(parseDefaultGateways(some + route('00000000', '0100A8C0', '00000000'))).toEqual(['192.168.0.1']);
    expect(parseDefaultGateways(`${some}eth0\t0000`)).toEqual(['192.168.0.1']);
    expect(parseDefaultGateways('')).toEqual([]);
  });

  it('search domains of the resolver', () => {
    expect(parseSearchDomains('domain a.example\nsearch b.example c.example.\n')).toEqual(['b.example', 'c.example.']);
    expect(parseSearchDomains('# search x\nnameserver 10.0.0.1\n')).toEqual([]);
    expect(parseSearchDomains('search . ../x a_b.example')).toEqual(['a_b.example']);
  });
});
