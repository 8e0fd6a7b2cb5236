import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { HttpNet } from '../../../src/host/net.ts';
import { expectCode } from './scratch.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const makeNet = (env: Record<string, string> = {}, signal = new AbortController().signal): HttpNet =>
  new HttpNet({ env: (name) => env[name], signal, retryDelayMs: 1 });

test('a body, with its place after redirects', async () => {
  const base = await serve((request, response) => {
    if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
    else response.end('text');
  });
  const found = await makeNet().fetch(`${base}/a`);
  expect(found?.body.toString()).toBe('text');
  expect(found?.url).toBe(`${base}/b`);
});

test.each([
  [404, null, 1],
  [403, 'MSP_HTTP_STATUS', 1],
  [503, 'MSP_HTTP_STATUS', 4],
  [429, 'MSP_HTTP_STATUS', 4],
] as const)('status %i', async (status, code, times) => {
  let asked = 0;
  const base = await serve((_, response) => {
    asked += 1;
    response.writeHead(status).end();
  });
  if (code === null) expect(await makeNet().fetch(base)).toBe(null);
  else await expectCode(makeNet().fetch(base), code);
  expect(asked).toBe(times);
});

test("the server's clock, unless a cache answered", async () => {
  const base = await serve((request, response) => {
    response.setHeader('date', 'Sun, 22 Nov 2026 12:00:00 GMT');
    if (request.url === '/cached') response.setHeader('age', '60');
    response.end();
  });
  expect((await makeNet().fetch(base))?.servedAt).toBe('2026-11-22T12:00:00.000Z');
  expect((await makeNet().fetch(`${base}/cached`))?.servedAt).toBeUndefined();
});

test('exists: asks for the head only, and for the body where that is not known', async () => {
  const asked: string[] = [];
  const base = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/moved') response.writeHead(302, { location: '/there' }).end();
    else if (request.url === '/odd' && request.method === 'HEAD') response.writeHead(405).end();
    else response.writeHead(request.url === '/absent' ? 404 : 200).end();
  });
  expect(await makeNet().exists(`${base}/moved`)).toBe(true);
  expect(await makeNet().exists(`${base}/absent`)).toBe(false);
  expect(await makeNet().exists(`${base}/odd`)).toBe(true);
  expect(asked).toEqual(['HEAD /moved', 'HEAD /there', 'HEAD /absent', 'HEAD /odd', 'GET /odd']);
  await expectCode(makeNet().exists('http://127.0.0.1:1/'), 'MSP_NETWORK');
});

test('what passes is tried again', async () => {
  let asked = 0;
  const base = await serve((request, response) => {
    asked += 1;
    if (asked === 1) request.socket.destroy();
    else if (asked === 2) response.writeHead(500).end();
    else response.end('at last');
  });
  expect((await makeNet().fetch(base))?.body.toString()).toBe('at last');
});

test('too many redirects, too large, too slow, no server, no URL', async () => {
  let asked = 0;
  const base = await serve((request, response) => {
    asked += 1;
    if (request.url === '/slow') return;
    if (request.url === '/large') response.end(Buffer.alloc(5000));
    else response.writeHead(301, { location: '/again' }).end();
  });
  await expectCode(makeNet().fetch(base), 'MSP_REDIRECT_LOOP');
  expect(asked).toBe(6);
  expect((await expectCode(makeNet().fetch(`${base}/large`, { maxBytes: 4999 }), 'MSP_NETWORK')).message).toContain(
    'larger',
  );
  expect(asked).toBe(7);
  await expectCode(makeNet().fetch(`${base}/slow`, { timeoutMs: 100 }), 'MSP_NETWORK');
  await expectCode(makeNet().fetch('http://127.0.0.1:1/'), 'MSP_NETWORK');
  await expectCode(makeNet().fetch('no url'), 'MSP_NETWORK');
});

test('proxies: given, from the environment, none', async () => {
  const seen: string[] = [];
  const proxy = await serve((request, response) => {
    seen.push(request.url ?? '');
    response.end('by proxy');
  });
  const base = await serve((_, response) => void response.end('direct'));
  const fetched = async (net: HttpNet, given?: string | null) =>
    (await net.fetch(`${base}/x`, given === undefined ? {} : { proxy: given }))?.body.toString();
  expect(await fetched(makeNet(), proxy)).toBe('by proxy');
  expect(seen).toEqual([`${base}/x`]);
  expect(await fetched(makeNet({ http_proxy: proxy }))).toBe('by proxy');
  expect(await fetched(makeNet({ all_proxy: proxy }))).toBe('by proxy');
  expect(seen).toHaveLength(3);
  expect(await fetched(makeNet({ http_proxy: proxy }), null)).toBe('direct');
  expect(await fetched(makeNet({ http_proxy: proxy, no_proxy: '127.0.0.1' }))).toBe('direct');
});

test.each(['foo', 'foo:3128', 'user:secret@foo:3128', 'http://', 'ftp://foo'])('%s is no proxy', async (given) => {
  const base = await serve((_, response) => void response.end('direct'));
  const refused = async (work: Promise<unknown>): Promise<string> => (await expectCode(work, 'MSP_USAGE')).message;
  expect(await refused(makeNet().fetch(base, { proxy: given }))).toContain('the proxy that --proxy names');
  await refused(makeNet().peek(base, { bytes: 4, proxy: given }));
  const said = await refused(makeNet({ http_proxy: given }).fetch(base));
  expect(said).toContain('the proxy that http_proxy names');
  expect(said).not.toContain('secret');
  expect(await refused(makeNet({ all_proxy: given }).peek(base, { bytes: 4 }))).toContain('that all_proxy names');
  expect((await makeNet({ http_proxy: given }).fetch(base, { proxy: null }))?.body.toString()).toBe('direct');
});

test('https goes through the proxy for https, as a tunnel', async () => {
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  stops.push(() => proxy.close());
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const fails = async (env: Record<string, string>) =>
    await expectCode(makeNet(env).fetch('https://127.0.0.1:1/x', { retries: 0 }), 'MSP_NETWORK');
  await fails({ https_proxy: address });
  await fails({ all_proxy: address });
  expect(tunnels).toEqual(['127.0.0.1:1', '127.0.0.1:1']);
  // As everywhere, the one for http is not asked for https.
  await fails({ http_proxy: address });
  await fails({ https_proxy: address, no_proxy: 'example.org,127.0.0.1' });
  expect(tunnels).toHaveLength(2);
});

test('cancel ends a request', async () => {
  const controller = new AbortController();
  const base = await serve(() => controller.abort());
  await expectCode(makeNet({}, controller.signal).fetch(base), 'MSP_CANCELLED');
});

test('probe never throws', async () => {
  const base = await serve((_, response) => void response.writeHead(406, { via: 'x' }).end('usage'));
  expect(await makeNet().probe(base, { timeoutMs: 2000 })).toMatchObject({
    status: 406,
    body: 'usage',
    headers: { via: 'x' },
  });
  expect(await makeNet().probe('http://127.0.0.1:1', { timeoutMs: 2000 })).toBe(null);
  expect(await makeNet().probe('nonsense', { timeoutMs: 2000 })).toBe(null);
});
