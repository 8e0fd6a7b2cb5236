import { expect, test } from 'vitest';
import { detectProxy } from '../../../src/steps/detect-proxy.ts';
import { exits, fakeHost, prints, testStep } from '../../../src/testing.ts';

const input = { image: 'debian-12' };
const apt = (...lines: string[]) => fakeHost({ programs: { 'apt-config': prints('APT "";', ...lines) } });
const fromApt = "from the host's apt configuration";
const detector = '/usr/bin/auto-apt-proxy';
const autoDetect = `Acquire::http::Proxy-Auto-Detect "${detector}";`;
const detected = (program: ReturnType<typeof prints>) =>
  fakeHost({ programs: { 'apt-config': prints(autoDetect), [detector]: program } });

testStep(
  detectProxy,
  {
    accepts: [
      {
        name: 'none asked for',
        input: { ...input, proxy: 'none' },
        host: { env: { http_proxy: 'http://e:1' } },
        output: { url: null, reason: 'as asked' },
      },
      {
        name: 'one asked for, before the environment',
        input: { ...input, proxy: 'http://p:3142' },
        host: { env: { http_proxy: 'http://e:1' } },
        output: { url: 'http://p:3142', reason: 'as asked' },
      },
      {
        name: "the environment's, before apt's",
        input,
        host: { ...apt('Acquire::http::Proxy "http://a:1";'), env: { http_proxy: 'http://e:1' } },
        output: { url: 'http://e:1', reason: 'from the environment' },
      },
      {
        name: "apt's",
        input,
        host: apt('Acquire::http::Proxy "http://a:1/";'),
        output: { url: 'http://a:1/', reason: fromApt },
      },
      {
        name: "apt's for the host of the archive",
        input: { ...input, mirror: 'http://mirror.example/debian' },
        host: apt('Acquire::http::Proxy "http://a:1/";', 'Acquire::http::Proxy::mirror.example "http://b:2/";'),
        output: { url: 'http://b:2/', reason: fromApt },
      },
      {
        name: 'none for the host of the archive',
        input: { ...input, mirror: 'http://mirror.example/debian' },
        host: apt('Acquire::http::Proxy "http://a:1/";', 'Acquire::http::Proxy::mirror.example "DIRECT";'),
        output: { url: null, reason: "the host's apt configuration says so" },
      },
      {
        name: "the one of apt's detector",
        input,
        host: detected(prints('http://d:3142')),
        output: { url: 'http://d:3142', reason: `from ${detector}` },
        after: (world) => expect(world.commands.at(-1)?.args).toEqual(['http://deb.debian.org/debian']),
      },
      {
        name: 'none, says the detector',
        input,
        host: detected(prints('DIRECT')),
        output: { url: null, reason: `${detector} says so` },
      },
      { name: 'a silent detector', input, host: detected(prints()), output: { url: null, reason: 'none found' } },
      {
        name: 'a broken detector',
        input,
        host: detected(exits(3, 'oh no')),
        output: { url: null, reason: 'none found' },
        after: (world) =>
          expect(world.logged).toEqual([
            expect.stringMatching(/^warn the proxy detector \/usr\/bin\/auto-apt-proxy failed/u),
          ]),
      },
      { name: 'nothing anywhere', input, host: apt(), output: { url: null, reason: 'none found' } },
      { name: 'a host without apt', input, output: { url: null, reason: 'none found' } },
    ],
    fails: [
      { name: 'a word', input: { ...input, proxy: 'yes' }, code: 'MSP_USAGE' },
      { name: 'a word in the environment', input, host: { env: { http_proxy: 'proxy:3142' } }, code: 'MSP_USAGE' },
    ],
  },
  test,
);

test('detect-proxy: shows no password', () => {
  expect(detectProxy.describe?.({ url: 'http://u:secret@p:3142/', reason: 'as asked' })).toBe('p:3142 (as asked)');
});
