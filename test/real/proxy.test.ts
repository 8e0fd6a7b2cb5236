/** Builds through a real apt-cacher-ng, which dies in the middle of the second one. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffTrees, listTree } from '../support/tree-listing.ts';
import { startAptCacher, type AptCacher } from './support/apt-cacher.ts';
import { packagesServed, startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { lowPort } from './support/low-port.ts';
import { errorOf, machinespawn, machinespawnOk, newPlace, start, type Place } from './support/machinespawn.ts';
import { archiveDirectory } from './support/shared-place.ts';

const exec = promisify(execFile);
const secret = 'pass-of-the-cook';

let mirror: CountingMirror;
let cacher: AptCacher;
let place: Place;

beforeAll(async () => {
  mirror = await startCountingMirror(archiveDirectory(), await lowPort());
  cacher = await startAptCacher();
});
afterAll(async () => {
  await cacher.kill();
  await mirror.close();
});

const build = (name: string): readonly string[] => [
  ...['bootstrap', 'bookworm', name, '--variant', 'minbase', '--mirror', mirror.url],
];
const byProxy = (url = `http://cook:${secret}@${cacher.host}`) => ({ env: { MACHINESPAWN_PROXY: url } });
const isPackage = (path: string): boolean => path.endsWith('.deb');
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Files below a directory that hold a text, at any depth. */
async function filesWith(text: string, directory: string): Promise<readonly string[]> {
  const { stdout } = await exec('sh', ['-c', 'grep -raslF -e "$1" "$2" || true', 'sh', text, directory]);
  return stdout.split('\n').filter((line) => line !== '');
}

function stateOf(ended: Promise<unknown>): { readonly isOver: boolean } {
  const state = { isOver: false };
  ended.finally(() => (state.isOver = true)).catch(() => undefined);
  return state;
}

/** Looks at the arguments of all processes until `ended`: how often somebody's held the text. */
async function argumentsWith(text: string, ended: Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  const state = stateOf(ended);
  while (!state.isOver) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/u.test(name))) {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (line.includes(text)) seen.push(line);
      } catch {
        // It has ended meanwhile.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return seen;
}

describe('a build through apt-cacher-ng', () => {
  it('fetches each package through it and keeps no trace of it', { timeout: 240_000 }, async () => {
    place = newPlace('proxied');
    const log = join(place.root, 'log.jsonl');
    const running = start(place, ['-vv', '--log-file', log, ...build('bread')], byProxy());
    const seen = await argumentsWith(secret, running.ended);
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(new RegExp(`proxy +ok: ${cacher.host} \\(as asked\\)`, 'u')),
    ]);
    expect(stderr).not.toContain('is in the way');
    expect(seen).toEqual([]);
    // A connection that it closes too early is tried again, so its log may hold one twice.
    const packages = [...new Set(cacher.handedOut().filter(isPackage).map(nameOf))];
    expect(packages.length).toBeGreaterThan(80);
    // The archive was asked for each once, by the proxy.
    expect(
      packagesServed(mirror)
        .map(({ path }) => nameOf(path))
        .toSorted(),
    ).toEqual(packages.toSorted());
    expect(await filesWith(cacher.host, place.machines)).toEqual([]);
    expect(await filesWith(cacher.host, place.cache)).toEqual([]);
    // The host itself may know the address; nobody may know the password.
    expect(stderr).not.toContain(secret);
    expect(await filesWith(secret, place.root)).toEqual([]);
    expect(await filesWith(cacher.host, place.state)).not.toEqual([]);
  });

  it('lends it to a command, for its time only', async () => {
    const tree = join(place.machines, 'bread');
    const before = await listTree(tree);
    const isTimeOfEtc = (line: string): boolean => line.startsWith('./etc: mtime ');
    const running = start(place, ['run', 'bread', '--', 'sh', '-c', 'sleep 0.3; env'], byProxy());
    expect(await argumentsWith(secret, running.ended)).toEqual([]);
    expect((await running.ended).stdout).toContain(`\nhttp_proxy=http://cook:${secret}@${cacher.host}\n`);
    const own = { env: { http_proxy: `http://${cacher.host}`, no_proxy: 'here.example' } };
    const { stdout } = await machinespawnOk(place, ['run', 'bread', '--', 'env'], own);
    expect(stdout).toMatch(new RegExp(`^http_proxy=http://${cacher.host}$`, 'mu'));
    expect(stdout).toMatch(/^no_proxy=here\.example$/mu);
    const none = await machinespawnOk(place, ['run', 'bread', '--proxy', 'none', '--', 'env'], own);
    expect(none.stdout).not.toContain('proxy');
    // One that the host's apt has is for apt alone, and for every user inside.
    const configuration = join(place.root, 'apt.conf.d');
    mkdirSync(configuration);
    writeFileSync(join(configuration, 'proxy'), `Acquire::http::Proxy "http://${cacher.host}";\n`);
    const mounted = 'mount --bind "$0" /etc/apt/apt.conf.d && exec "$@"';
    const wrapper = ['unshare', '--mount', 'sh', '-c', mounted, configuration];
    const dump = ['sh', '-c', 'apt-config dump Acquire::http::Proxy; env'];
    const apt = await machinespawnOk(place, ['run', 'bread', '-u', 'daemon', '--', ...dump], { wrapper });
    expect(apt.stdout).toContain(`Acquire::http::Proxy "http://${cacher.host}";\n`);
    expect(apt.stdout).not.toContain('http_proxy');
    expect(diffTrees(before, await listTree(tree)).filter((line) => !isTimeOfEtc(line))).toEqual([]);
  });

  it('is served from it a second time, and goes on without it when it dies', { timeout: 240_000 }, async () => {
    mirror.forget();
    const second = newPlace('left');
    const before = cacher.handedOut().length;
    const running = start(second, build('toast'), byProxy());
    const through = (): readonly string[] => cacher.handedOut().slice(before).filter(isPackage).map(nameOf);
    const state = stateOf(running.ended);
    while (through().length < 10 && !state.isOver) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(packagesServed(mirror)).toEqual([]);
    await cacher.kill();
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining(`the proxy ${cacher.host} is in the way`)]);
    expect(stderr.match(/is in the way/gu)).toHaveLength(1);
    const direct = packagesServed(mirror).map(({ path }) => nameOf(path));
    expect(direct.length).toBeGreaterThan(5);
    // The one that was on its way counts for both.
    expect(direct.filter((name) => through().slice(0, -1).includes(name))).toEqual([]);
    expect(readdirSync(second.machines)).toEqual(['toast']);
    expect(await filesWith(cacher.host, second.machines)).toEqual([]);
    expect(await filesWith(cacher.host, second.cache)).toEqual([]);
  });
});

describe('a proxy that is named and no good', () => {
  async function told(handler: RequestListener | null): Promise<readonly [number, string, string]> {
    const server = createServer(handler ?? undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (handler === null) await new Promise((resolve) => server.close(resolve));
    const ended = await machinespawn(newPlace('no-good'), [...build('jam'), '--json', '--proxy', url]);
    server.closeAllConnections();
    server.close();
    const { code, hint } = errorOf(ended);
    return [ended.code, code, hint ?? ''];
  }

  it('is told, with what helps, and exit code 7', async () => {
    expect(await told(null)).toEqual([7, 'MSP_PROXY_UNREACHABLE', expect.stringContaining('--proxy none')]);
    const asks: RequestListener = (_, response) => void response.writeHead(407).end();
    expect(await told(asks)).toEqual([7, 'MSP_PROXY_AUTH', expect.stringContaining('USER:PASSWORD@')]);
    const pages: RequestListener = (_, response) => void response.writeHead(200).end('<html>Hello</html>');
    expect(await told(pages)).toEqual([7, 'MSP_PROXY_NOT_A_PROXY', expect.stringContaining('host and port')]);
  });
});
