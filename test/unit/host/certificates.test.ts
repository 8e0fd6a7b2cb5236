/** Certificates that cannot be verified: told as what they are, and not tried again. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { HttpNet } from '../../../src/host/net.ts';
import { startFaultyServer, type FaultyServer } from '../../support/faulty-server.ts';
import { expectCode, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const usual = getCACertificates('default');
const stops: (() => void)[] = [];
afterEach(() => {
  setDefaultCACertificates(usual);
  for (const stop of stops.splice(0)) stop();
});

/** With a certificate for that host, signed by its own key; `days` may be over. */
async function serve(host: string, days = 1): Promise<{ readonly server: FaultyServer; readonly cert: string }> {
  const [key, request, cert] = ['key.pem', 'request.csr', 'cert.pem'].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ];
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', ...curve, '-subj', `/CN=${host}`, '-keyout', key, '-out', request);
  writeFileSync(join(scratch, 'names'), `subjectAltName=${host === '127.0.0.1' ? 'IP' : 'DNS'}:${host}\n`);
  const names = ['-extfile', join(scratch, 'names')];
  openssl('x509', '-req', '-in', request, '-signkey', key, '-days', String(days), ...names, '-out', cert);
  const server = await startFaultyServer(
    { '/f': { body: Buffer.from('text') } },
    { key: readFileSync(key), cert: readFileSync(cert) },
  );
  const net = new HttpNet({ env: () => undefined, signal: new AbortController().signal, retryDelayMs: 1 });
  stops.push(
    () => void net.close(),
    () => server.close(),
  );
  await expectRefused(net, server);
  return { server, cert: readFileSync(cert, 'utf8') };
}

async function expectRefused(net: HttpNet, server: FaultyServer): Promise<Error> {
  const before = server.connections();
  const url = `${server.url}/f`;
  const error = await expectCode(net.fetch(url), 'MSP_TLS_UNTRUSTED');
  await expectCode(net.peek(url, { bytes: 4 }), 'MSP_TLS_UNTRUSTED');
  await expectCode(net.download(url, { path: join(scratch, 'f') }), 'MSP_TLS_UNTRUSTED');
  expect(server.connections() - before).toBe(3);
  expect(server.requests).toEqual([]);
  return error;
}

function trusting(cert: string): HttpNet {
  setDefaultCACertificates([cert]);
  const net = new HttpNet({ env: () => undefined, signal: new AbortController().signal, retryDelayMs: 1 });
  stops.push(() => void net.close());
  return net;
}

test('nobody vouches for it; the hint says how to', async () => {
  const { server, cert } = await serve('127.0.0.1');
  const net = trusting(cert);
  expect((await net.fetch(`${server.url}/f`))?.body.toString()).toBe('text');
});

test('it is for another host', async () => {
  const { server, cert } = await serve('host.example');
  const error = await expectRefused(trusting(cert), server);
  expect(error.message).toContain("IP: 127.0.0.1 is not in the cert's list");
  expect(error).toMatchObject({ hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') as unknown });
});

test('it has expired', async () => {
  const { server, cert } = await serve('127.0.0.1', -1);
  expect((await expectRefused(trusting(cert), server)).message).toContain('certificate has expired');
});
