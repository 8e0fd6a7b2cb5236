import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { siteOf, type Sites } from '../../archive/archive-site.ts';
import { startArchiveServer, type ArchiveServer } from '../../archive/archive-server.ts';
import {
  answers,
  changesTo,
  cutAfter,
  flipsByte,
  notFoundAfter,
  redirectsForEver,
  redirectsTo,
  servesHtml,
  stallsAfter,
  startsLate,
  wrongLength,
} from '../../archive/faults.ts';

const body = Buffer.from('0123456789'.repeat(100));
const sites: Sites = new Map();
siteOf(sites, '*').set('/debian/a.deb', body).set('/debian/b', Buffer.from('b'));
siteOf(sites, 'deb.example').set('/debian/b', Buffer.from('of a host'));

let server: ArchiveServer;
beforeAll(async () => {
  server = await startArchiveServer(sites);
});
beforeEach(() => {
  server.faults = [];
  server.forget();
});
afterAll(async () => {
  await server.close();
});

const url = (path: string): string => `http://127.0.0.1:${server.port}/debian/${path}`;
const read = async (path: string, init?: RequestInit): Promise<{ status: number; text: string }> => {
  const response = await fetch(url(path), init);
  return { status: response.status, text: await response.text() };
};
const good = { status: 200, text: body.toString() };

/** What comes before the connection ends, or for so long. */
function readRaw(request: string, milliseconds = 2000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(request));
    let text = '';
    const end = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('close', end);
    setTimeout(end, milliseconds);
  });
}
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);

test('serves what is there, by host, and writes down who asked for what', async () => {
  expect(await read('a.deb')).toEqual(good);
  expect((await read('nothing')).status).toBe(404);
  await readRaw('HEAD http://deb.example/debian/b HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n');
  const asProxy = await readRaw('GET http://deb.example/debian/b HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n');
  expect(bodyOf(asProxy)).toBe('of a host');
  expect(
    server.asked.map(({ method, url: asked, asProxy: absolute, status }) => [method, asked, absolute, status]),
  ).toEqual([
    ['GET', url('a.deb'), false, 200],
    ['GET', url('nothing'), false, 404],
    ['HEAD', 'http://deb.example/debian/b', true, 200],
    ['GET', 'http://deb.example/debian/b', true, 200],
  ]);
});

test('loses files after so many, and answers so often what it should not', async () => {
  server.faults = [notFoundAfter(2)];
  expect([await read('a.deb'), await read('a.deb'), (await read('a.deb')).status]).toEqual([good, good, 404]);
  server.faults = [answers(503, /a\.deb$/u, { times: 1 })];
  expect([(await read('a.deb')).status, await read('a.deb')]).toEqual([503, good]);
});

test('cuts, stalls and lies about the length', async () => {
  const get = 'GET /debian/a.deb HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  server.faults = [cutAfter(30, /a\.deb/u)];
  const cut = await readRaw(get);
  expect(cut).toContain('1000');
  expect(bodyOf(cut)).toHaveLength(30);
  await expect(read('a.deb')).rejects.toThrow();
  server.faults = [stallsAfter(40, /a\.deb/u)];
  expect(bodyOf(await readRaw(get, 300))).toHaveLength(40);
  server.faults = [wrongLength(5, /a\.deb/u)];
  const long = await readRaw(get);
  expect(long).toContain('Content-Length: 1005');
  expect(bodyOf(long)).toHaveLength(1000);
});

test('changes one bit, a whole file, or the archive between two requests', async () => {
  server.faults = [flipsByte(-1, /a\.deb/u)];
  expect((await read('a.deb')).text).toBe(`${body.toString().slice(0, -1)}8`);
  server.faults = [servesHtml(/a\.deb/u)];
  expect((await read('a.deb')).text).toContain('<!DOCTYPE html>');
  server.faults = [changesTo(new Map([['/debian/a.deb', Buffer.from('new')]]), /a\.deb/u)];
  expect([await read('a.deb'), (await read('a.deb')).text]).toEqual([good, 'new']);
});

test('leads elsewhere, in circles, and is late', async () => {
  server.faults = [redirectsTo(url('b'), /a\.deb/u)];
  expect(await read('a.deb')).toEqual({ status: 200, text: 'b' });
  server.faults = [redirectsForEver(/a\.deb/u)];
  await expect(read('a.deb')).rejects.toThrow();
  expect(server.asked.length).toBeGreaterThan(10);
  server.faults = [startsLate(150, /a\.deb/u)];
  const start = performance.now();
  expect(await read('a.deb')).toEqual(good);
  expect(performance.now() - start).toBeGreaterThan(140);
});
