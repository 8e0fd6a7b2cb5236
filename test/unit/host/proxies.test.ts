import { createSocket } from 'node:dgram';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { HttpNet } from '../../../src/host/net.ts';
import { HostProxies, ProxyBook } from '../../../src/host/proxies.ts';
import { identifyPackageProxy } from '../../../src/model/package-proxy.ts';
import { expectCode } from './scratch.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = async (handler: RequestListener): Promise<string> => await listen(createHttpServer(handler));
const page = async (status: number, body: string, headers: Record<string, string> = {}, reason = 'x') =>
  await serve((_, response) => void response.writeHead(status, reason, headers).end(body));
const never = new AbortController().signal;
const makeProxies = (book = new ProxyBook()): HostProxies => new HostProxies(book, never);
const release = 'http://archive.example/debian/dists/bookworm/InRelease';

test('what is there is told by its answer, whatever its port', async () => {
  const net = new HttpNet({ env: () => undefined, signal: never });
  const whoIs = async (url: string): Promise<string | null> => {
    const answer = await net.probe(`${url}/`, { timeoutMs: 1000 });
    return answer === null ? 'nobody' : identifyPackageProxy(answer);
  };
  const usage = '<td class="title">Apt-Cacher NG Usage Information</td>';
  expect(await whoIs(await page(406, usage, {}, 'Usage Information'))).toBe('apt-cacher-ng');
  expect(await whoIs(await page(200, '<html><title>approx server</title>'))).toBe('approx');
  expect(await whoIs(await page(200, '<title>Apt-cacher version 1.7</title>'))).toBe('apt-cacher');
  expect(await whoIs(await page(400, '', { Via: '1.1 h (squid-deb-proxy/5.7)' }))).toBe('squid-deb-proxy');
  expect(await whoIs(await page(200, '<title>It works!</title>'))).toBe(null);
  // A Django on 8000, a printer, something that says nothing: a second is all that they get.
  expect(await whoIs(await serve(() => undefined))).toBe('nobody');
  expect(await whoIs(await listen(createServer((socket) => void socket.end('220 mail\r\n'))))).toBe('nobody');
  expect(await whoIs('http://127.0.0.1:1')).toBe('nobody');
});

test('a proxy is asked for the whole address, with the password that is known for it', async () => {
  const seen: unknown[] = [];
  const url = await serve((request, response) => {
    seen.push([request.url, request.headers['proxy-authorization']]);
    response.writeHead(200, { Via: '1.1 p' }).end('Origin: x');
  });
  const proxies = makeProxies();
  const hidden = proxies.hide(url.replace('://', '://ann:p%40ss@'));
  expect(hidden).toBe(url.replace('://', '://***@'));
  expect(proxies.reveal(hidden)).toBe(url.replace('://', '://ann:p%40ss@'));
  expect(await proxies.ask(hidden, release, { timeoutMs: 1000 })).toMatchObject({
    kind: 'answer',
    status: 200,
    headers: { via: '1.1 p' },
    body: 'Origin: x',
  });
  const basic = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
  expect(seen).toEqual([[release, basic]]);
  // Another process, such as the one that goes on with the run, has the address only.
  expect(makeProxies().reveal(hidden)).toBe(url);
  expect(makeProxies().hide('http://p:1/')).toBe('http://p:1/');
});

test('what comes instead of an answer', async () => {
  const ask = async (url: string) => await makeProxies().ask(url, release, { timeoutMs: 300 });
  expect(await ask('http://127.0.0.1:1')).toMatchObject({ kind: 'unreachable' });
  expect(await ask(await serve(() => undefined))).toEqual({ kind: 'silent', problem: 'no answer within 0.3 s' });
  expect(await ask(await listen(createServer((socket) => void socket.destroy())))).toMatchObject({ kind: 'silent' });
  const ssh = createServer((socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
  expect(await ask(await listen(ssh))).toMatchObject({ kind: 'no-http' });
  expect(await ask(await page(407, ''))).toMatchObject({ kind: 'answer', status: 407 });
  // By https it is asked for a tunnel.
  const refusing = createHttpServer().on('connect', (_, socket) => void socket.end('HTTP/1.1 407 No\r\n\r\n'));
  const tunnel = await makeProxies().ask(await listen(refusing), 'https://archive.example/', { timeoutMs: 1000 });
  expect(tunnel).toMatchObject({ kind: 'answer', status: 407 });
});

test('a long answer is read in part', async () => {
  const answer = await makeProxies().ask(await page(200, 'x'.repeat(1_000_000)), release, { timeoutMs: 1000 });
  expect(answer.kind === 'answer' && answer.body.length).toBeLessThan(300_000);
});

test('a proxy that is in the way is left, once and for all', async () => {
  const archive = await serve((request, response) => void response.end(`direct ${request.url}`));
  const warnings: string[] = [];
  const book = new ProxyBook();
  const net = (signal = never): HttpNet =>
    new HttpNet({ env: () => undefined, signal, retryDelayMs: 1, proxies: book, warn: (text) => warnings.push(text) });
  const fetched = async (proxy: string) => (await net().fetch(`${archive}/a`, { proxy }))?.body.toString();
  let asked = 0;
  for (const status of [502, 503, 504, 407, 403]) {
    const proxy = await serve((_, response) => {
      asked += 1;
      response.writeHead(status).end();
    });
    expect(await fetched(proxy)).toBe('direct /a');
    const askedOnce = asked;
    expect(await fetched(proxy)).toBe('direct /a');
    expect(asked).toBe(askedOnce);
    expect(warnings.splice(0)).toEqual([
      `the proxy ${new URL(proxy).host} is in the way, so the rest is fetched directly (${archive}/a ${status === 407 ? 'cannot be reached: Proxy Authentication Required (407)' : `answers ${status}`})`,
    ]);
  }
  const dying = createServer((socket) => void socket.destroy());
  expect(await fetched(await listen(dying))).toBe('direct /a');
  expect(await fetched('http://***@127.0.0.1:1')).toBe('direct /a');
  expect(warnings).toHaveLength(2);
});

test('a proxy is kept when the archive is to blame, and when it says that there is no such file', async () => {
  const warnings: string[] = [];
  const book = new ProxyBook();
  const settings = {
    env: () => undefined,
    retryDelayMs: 1,
    proxies: book,
    warn: (text: string) => warnings.push(text),
  };
  const net = new HttpNet({ ...settings, signal: never });
  const bad = await page(503, '');
  await expectCode(net.fetch('http://127.0.0.1:1/x', { proxy: bad }), 'MSP_HTTP_STATUS');
  expect(await net.fetch('http://127.0.0.1:1/x', { proxy: await page(404, '') })).toBe(null);
  await expectCode(net.fetch('http://127.0.0.1:1/x', { proxy: await page(200, 'long'), maxBytes: 1 }), 'MSP_NETWORK');
  expect([book.hasLeft(bad), warnings]).toEqual([false, []]);
  expect([book.leave(bad), book.leave(bad), book.hasLeft(bad)]).toEqual([true, false, true]);
});

test('SRV records: best first; none in time is none', async () => {
  const server = createSocket('udp4');
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  const label = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const name = (text: string): Buffer => Buffer.concat([...text.split('.').map(label), Buffer.from([0])]);
  const record = (priority: number, weight: number, port: number, host: string): Buffer => {
    const data = Buffer.concat([Buffer.from([0, priority, 0, weight, port >> 8, port & 255]), name(host)]);
    return Buffer.concat([Buffer.from([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, data.length]), data]);
  };
  server.on('message', (question, from) => {
    if (question.includes('silent')) return;
    const answers = [record(20, 0, 3142, 'last'), record(10, 1, 3128, 'second'), record(10, 9, 8000, 'first.example')];
    const head = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, answers.length, 0, 0, 0, 0]);
    const end = question.indexOf(Buffer.from([0, 0, 33, 0, 1]), 12) + 5;
    server.send(Buffer.concat([head, question.subarray(12, end), ...answers]), from.port, from.address);
  });
  const proxies = new HostProxies(new ProxyBook(), never, [`127.0.0.1:${server.address().port}`]);
  expect(await proxies.serviceRecords('_apt_proxy._tcp.example.org', { timeoutMs: 2000 })).toEqual([
    { host: 'first.example', port: 8000 },
    { host: 'second', port: 3128 },
    { host: 'last', port: 3142 },
  ]);
  const start = performance.now();
  expect(await proxies.serviceRecords('_apt_proxy._tcp.silent.example', { timeoutMs: 300 })).toEqual([]);
  expect(performance.now() - start).toBeLessThan(900);
});
