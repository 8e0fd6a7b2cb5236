import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpNet } from '../../../src/host/net.ts';
import { SitePasswords } from '../../../src/host/site-passwords.ts';
import { startFaultyServer, type FaultyServer } from '../../support/faulty-server.ts';
import { expectCode } from './scratch.ts';

let server: FaultyServer;
let other: FaultyServer;
beforeAll(async () => ([server, other] = [await startFaultyServer(), await startFaultyServer()]));
afterAll(() => [server, other].forEach((one) => one.close()));

test('a user and a password are hidden, and go with requests to that place only', () => {
  const passwords = new SitePasswords();
  const hidden = passwords.hide('https://me:p%40ss@host.example:8443/a?b=1');
  expect(hidden).toBe('https://***@host.example:8443/a?b=1');
  // What a resumed run has must not replace what the command brought.
  expect(passwords.hide(hidden)).toBe(hidden);
  const authorization = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  expect(passwords.headersFor('https://host.example:8443/else')).toEqual({ authorization });
  for (const url of ['http://host.example:8443/', 'https://host.example/', 'https://x.host.example:8443/'])
    expect(passwords.headersFor(url)).toEqual({});
  for (const text of ['/a/file@x', '-', 'lxc:a/b', 'https://host.example/', 'http://[']) {
    expect(passwords.hide(text)).toBe(text);
  }
  expect(passwords.hide('http://50%:100%@host.example/')).toBe('http://***@host.example/');
});

test('a server that wants a password gets it; one that it leads to does not', async () => {
  const passwords = new SitePasswords();
  const net = new HttpNet({ env: () => undefined, signal: new AbortController().signal, passwords });
  server.files['/f'] = { body: Buffer.from('body'), user: 'me:pass' };
  server.files['/away'] = { body: Buffer.alloc(0), user: 'me:pass', redirect: `${other.url}/f` };
  other.files['/f'] = { body: Buffer.from('body'), user: 'me:pass' };
  const withUser = (path: string): string => passwords.hide(`${server.url.replace('//', '//me:pass@')}${path}`);
  const peeked = await net.peek(withUser('/f'), { bytes: 4 });
  expect(peeked).toMatchObject({ url: `${server.url}/f`, start: Buffer.from('body') });
  await expectCode(net.peek(withUser('/away'), { bytes: 4 }), 'MSP_HTTP_STATUS');
  expect(other.requests).toHaveLength(1);
  await net.close();
});
