/** Where pull-tar and pull-raw get images from, and what happens on the way: passwords, certificates, full disks. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFaultyServer, type FaultyServer } from '../support/faulty-server.ts';
import { craftedHeader } from '../support/tar-entries.ts';
import { makeCraftedTree, packTree } from './support/crafted-tree.ts';
import { leaksOf } from './support/leaks.ts';
import { errorOf, machinespawn, machinespawnOk, newPlace, start, type Place } from './support/machinespawn.ts';
import { newDirectory } from './support/shared-place.ts';
import { mountLoopFileSystem } from './snapshots/loop-file-system.ts';

let work: string;
let plain: FaultyServer;
let secure: FaultyServer;
let tar: Buffer;
let place: Place;
const mounted: string[] = [];

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const inWork = (name: string): string => join(work, name);

beforeAll(async () => {
  work = newDirectory('pull-sources');
  makeCraftedTree(inWork('tree'));
  // Large enough to be unpacked while it comes in.
  writeFileSync(inWork('tree/var/data'), randomBytes(6 * 1024 * 1024));
  packTree(inWork('tree'), inWork('root.tar.gz'), '-z');
  tar = readFileSync(inWork('root.tar.gz'));
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', inWork('key.pem')];
  execFileSync('openssl', ['req', '-x509', '-nodes', ...key, '-out', inWork('cert.pem'), ...subject], {
    stdio: 'ignore',
  });
  plain = await startFaultyServer();
  secure = await startFaultyServer(
    {},
    { key: readFileSync(inWork('key.pem')), cert: readFileSync(inWork('cert.pem')) },
  );
  place = newPlace('pull-sources');
});

afterAll(() => {
  for (const server of [plain, secure]) server.close();
  for (const path of mounted) execFileSync('umount', [path]);
});

/** Trees in the making. */
const pending = (): readonly string[] =>
  readdirSync(join(place.cache, 'snapshots'))
    .map((driver) => join(place.cache, 'snapshots', driver, 'pending'))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path));

const trusting = (): { readonly env: Readonly<Record<string, string>> } => ({
  env: { NODE_EXTRA_CA_CERTS: inWork('cert.pem') },
});

it('an image server by name, over https with a certificate of its own authority; the machine runs', async () => {
  const disk = Buffer.concat([diskStart(), randomBytes(1024 * 1024)]);
  writeFileSync(inWork('disk.raw'), disk);
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', inWork('disk.raw'), inWork('disk.qcow2')]);
  const qcow2 = readFileSync(inWork('disk.qcow2'));
  secure.files['/images/new/disk.qcow2'] = { body: qcow2 };
  const root = { ftype: 'root.tar.xz', sha256: sha256(tar), size: tar.length, path: 'images/new/root.tar.xz' };
  const old = { ...root, sha256: 'a'.repeat(64), path: 'images/old/root.tar.xz' };
  const image = (body: Buffer) => ({ ftype: 'disk-kvm.img', sha256: sha256(body), path: 'images/new/disk.qcow2' });
  const product = {
    ...{ os: 'Alpine', release: '3.20', arch: 'amd64', variant: 'default', aliases: 'alpine/3.20,alpine/3.20/default' },
    versions: { '20260101_13:00': { items: { old } }, '20261101_13:00': { items: { root, disk: image(qcow2) } } },
  };
  const json = (value: unknown): { body: Buffer } => ({ body: Buffer.from(JSON.stringify(value)) });
  secure.files['/streams/v1/index.json'] = json({
    index: { images: { datatype: 'image-downloads', path: 'streams/v1/images.json' } },
  });
  secure.files['/streams/v1/images.json'] = json({ products: { 'alpine:3.20:amd64:default': product } });
  secure.files['/images/new/root.tar.xz'] = { body: tar };
  const command = ['pull-tar', '--image-server', secure.url, 'lxc:alpine/3.20/amd64', 'alpine'];
  // Nobody vouches for the certificate.
  expect(errorOf(await machinespawn(place, [...command, '--json'])).code).toBe('MSP_TLS_UNTRUSTED');
  const log = inWork('alpine.log');
  const { stderr } = await machinespawnOk(place, ['--log-file', log, ...command], trusting());
  expect(stderr).toContain('(lxc:alpine/3.20/amd64, amd64');
  expect(stderr).toContain('Verified: checksum:index');
  expect(readFileSync(log, 'utf8')).toContain('was unpacked while it came in');
  const du = execFileSync('du', ['-sx', '--block-size=1', join(place.machines, 'alpine')]).toString();
  expect(stderr).toContain(`${(Number.parseInt(du, 10) / 1024 ** 2).toFixed(1)} MiB) in`);
  expect((await machinespawnOk(place, ['run', 'alpine', '--', 'id', '-u'])).stdout).toBe('0\n');
  // The disk image of the same name.
  const byName = ['pull-raw', '--image-server', secure.url, 'lxc:alpine/3.20/amd64', 'disk'];
  expect((await machinespawnOk(place, byName, trusting())).stderr).toContain('Verified: checksum:index');
  expect(readFileSync(join(place.machines, 'disk.raw')).equals(disk)).toBe(true);
  await machinespawnOk(place, ['remove', '-y', 'disk']);
  // From another address: its tree is there already, and the one that was made ahead goes.
  plain.files['/one'] = plain.files['/two'] = { body: tar };
  await machinespawnOk(place, ['pull-tar', '--verify', 'no', `${plain.url}/one`, 'one']);
  const again = await machinespawnOk(place, ['pull-tar', '--verify', 'no', `${plain.url}/two`, 'two']);
  expect(again.stderr).toMatch(/download +unpacking[\s\S]*extract +ok: from cache/u);
  expect(pending()).toEqual([]);
  // Nothing stands beside it: https alone is trusted, and the digest is printed.
  secure.files['/alone.tar.gz'] = { body: tar };
  const alone = await machinespawnOk(place, ['pull-tar', `${secure.url}/alone.tar.gz`, 'alone'], trusting());
  expect(alone.stderr).toMatch(
    new RegExp(`trusting https only.*--sha256 ${sha256(tar)}[\\s\\S]*Verified: https$`, 'mu'),
  );
  await machinespawnOk(place, ['remove', '-y', 'alone']);
  // What a server of https leads to by plain http is refused.
  secure.files['/down.tar.gz'] = { body: tar, redirect: `${plain.url}/one` };
  const down = await machinespawn(place, ['pull-tar', `${secure.url}/down.tar.gz`, 'down', '--json'], trusting());
  expect(errorOf(down).code).toBe('MSP_VERIFY_NONE');
  secure.files['/images/new/root.tar.xz'] = { body: Buffer.concat([tar, Buffer.alloc(512)]) };
  const changed = await machinespawn(place, [...command.slice(0, -1), 'changed', '--json'], trusting());
  expect(errorOf(changed).code).toBe('MSP_DOWNLOAD_DIGEST');
  const missing = await machinespawn(place, [...command.slice(0, -2), 'lxc:alpine/3.21', 'none', '--json'], trusting());
  expect(errorOf(missing).code).toBe('MSP_PULL_UNKNOWN');
  // The tree of what was not right is gone, too.
  expect(readdirSync(place.machines).toSorted()).toEqual(['alpine', 'one', 'two']);
  expect(pending()).toEqual([]);
  expect(await leaksOf(place.root)).toEqual([]);
});

it('a server that wants a password gets it, and nobody else does', async () => {
  plain.files['/private/root.tar.gz'] = { body: tar, user: 'me:s3cr3t' };
  const url = plain.url.replace('//', '//me:s3cr3t@');
  const path = '/private/root.tar.gz';
  const anonymous = errorOf(await machinespawn(place, ['pull-tar', `${plain.url}${path}`, 'no', '--json']));
  expect(anonymous).toMatchObject({ code: 'MSP_HTTP_STATUS' });
  expect(anonymous.hint).toContain('USER:PASSWORD');
  const log = inWork('run.log');
  const done = await machinespawnOk(place, [
    '--log-file',
    log,
    'pull-tar',
    '--verify',
    'no',
    `${url}${path}`,
    'private',
  ]);
  const shown = await machinespawnOk(place, ['show', 'private']);
  expect(shown.stdout).toContain(`//***@127.0.0.1`);
  const refused = await machinespawn(place, ['pull-tar', `${url}/none`, 'none']);
  for (const text of [done.stdout, done.stderr, shown.stdout, refused.stderr, readFileSync(log, 'utf8')])
    expect(text).not.toContain('s3cr3t');
  const found = execFileSync('sh', ['-c', 'grep -rlF s3cr3t "$1" "$2" || :', 'sh', place.state, place.cache]);
  expect(found.toString()).toBe('');
});

const ownPipeline = `format: 1
id: mine
summary: The steps of pull-tar, one by one
steps:
  - { id: look, uses: probe-image, with: { source: URL } }
  - { id: fetch, uses: download-image, with: { image: '\${{ steps.look.outputs }}' } }
  - { id: sure, uses: verify-image, with: { image: '\${{ steps.fetch.outputs }}' } }
  - { id: kind, uses: inspect-image, with: { image: '\${{ steps.fetch.outputs }}' } }
  - id: tree
    uses: extract-image
    needs: [sure]
    with: { image: '\${{ steps.fetch.outputs }}', compression: '\${{ steps.kind.outputs.compression }}', maxEntries: MOST }
  - { id: copy, uses: materialize-machine, with: { tree: '\${{ steps.tree.outputs.tree }}', name: mine } }
  - id: done
    uses: register-machine
    with:
      staging: \${{ steps.copy.outputs.staging }}
      name: mine
      image: mine
      arch: null
      machineId: null
      verification: \${{ steps.sure.outputs.verification }}
      sizeBytes: \${{ steps.tree.outputs.sizeBytes }}
`;

it('its steps serve a pipeline of somebody else, with limits of their own', async () => {
  plain.files['/own.tar.gz'] = { body: tar };
  plain.files['/own.tar.gz.sha256'] = { body: Buffer.from(`${sha256(tar)}  own.tar.gz\n`) };
  const run = async (most: string) => {
    const text = ownPipeline.replace('URL', `${plain.url}/own.tar.gz`).replace('MOST', most);
    writeFileSync(inWork('mine.yaml'), text);
    return await machinespawn(place, ['pipeline', 'run', inWork('mine.yaml'), '--json', '--no-cache']);
  };
  expect(errorOf(await run('20')).code).toBe('MSP_TAR_TOO_LARGE');
  const ended = await run('5000');
  expect(ended.code, ended.stderr).toBe(0);
  const listed = await machinespawnOk(place, ['list', '--json', 'mine']);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ origin: { verification: 'checksum:own.tar.gz.sha256' } }]);
  await machinespawnOk(place, ['remove', '-y', 'mine']);
});

it("the environment's proxy is used, and apt's is not", async () => {
  const [proxy, ofApt] = [await startFaultyServer(), await startFaultyServer()];
  try {
    const url = `${plain.url}/by-proxy.tar.gz`;
    proxy.files[url] = plain.files['/by-proxy.tar.gz'] = { body: tar };
    writeFileSync(inWork('apt.conf'), `Acquire::http::Proxy "${ofApt.url}";\n`);
    const withApt = 'mount -t tmpfs tmpfs /etc/apt/apt.conf.d; cp "$1" /etc/apt/apt.conf.d/01proxy; shift; exec "$@"';
    const wrapper = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', withApt, 'sh', inWork('apt.conf')];
    const pull = (name: string, env: Readonly<Record<string, string>>) =>
      machinespawnOk(place, ['pull-tar', '--no-cache', '--sha256', sha256(tar), url, name], { wrapper, env });
    await pull('by-proxy', { http_proxy: proxy.url });
    expect(proxy.requests).toEqual([expect.stringMatching(/^GET http:.* bytes=0-\d+$/u), `GET ${url}`]);
    await pull('direct', { http_proxy: proxy.url, no_proxy: '127.0.0.1' });
    expect(proxy.requests).toHaveLength(2);
    expect(ofApt.requests).toEqual([]);
  } finally {
    for (const server of [proxy, ofApt]) server.close();
  }
});

it('signatures are verified by sqv where there is no gpgv', async () => {
  const home = inWork('gnupg');
  mkdirSync(home, { mode: 0o700 });
  const gpg = (...args: readonly string[]): Buffer =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--yes', '-q', '--passphrase', '', ...args]);
  for (const who of ['publisher', 'stranger']) {
    gpg('--quick-gen-key', `${who}@example.org`, 'ed25519', 'sign', 'never');
    writeFileSync(inWork(`${who}.gpg`), gpg('--export', `${who}@example.org`));
  }
  gpg('-u', 'publisher@example.org', '--detach-sign', '--output', inWork('signature'), inWork('root.tar.gz'));
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  const signature = { body: readFileSync(inWork('signature')) };
  Object.assign(plain.files, {
    '/good.tar.gz': { body: tar },
    '/good.tar.gz.sig': signature,
    '/bad.tar.gz': { body: Buffer.concat([tar, Buffer.alloc(1)]) },
    '/bad.tar.gz.sig': signature,
  });
  const hide = 'mount --bind /dev/null /usr/bin/gpgv; exec "$@"';
  const wrapper = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', hide, 'sh'];
  const pull = async (file: string, who: string) =>
    machinespawn(place, ['pull-tar', `${plain.url}/${file}`, 'sqv', '--keyring', inWork(`${who}.gpg`), '--json'], {
      wrapper,
    });
  const key = /[0-9A-F]{40}/u.exec(
    execFileSync('sqv', ['--keyring', inWork('publisher.gpg'), inWork('signature'), inWork('root.tar.gz')]).toString(),
  );
  expect(errorOf(await pull('bad.tar.gz', 'publisher')).code).toBe('MSP_VERIFY_SIGNATURE');
  expect(errorOf(await pull('good.tar.gz', 'stranger'))).toMatchObject({
    code: 'MSP_VERIFY_KEY',
    message: expect.stringContaining(key?.[0] ?? 'a key') as unknown,
  });
  const { stdout, stderr } = await pull('good.tar.gz', 'publisher');
  expect(stdout, stderr).toContain(`signature:${key?.[0]}`);
});

it('a disk that is full is told; when there is room again, the same command goes on', async () => {
  const small = newPlace('pull-full');
  mkdirSync(small.cache, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=140m,mode=0755', 'tmpfs', small.cache]);
  mounted.push(small.cache);
  const body = randomBytes(40 * 1024 * 1024);
  plain.files['/big.raw'] = {
    body: Buffer.concat([diskStart(), body]),
    contentLength: null,
    bytesPerSecond: 80_000_000,
  };
  const command = ['pull-raw', '--verify', 'no', `${plain.url}/big.raw`, 'big'];
  const run = start(small, [...command, '--json']);
  // There was room when it began.
  const before = plain.servedBytes();
  const fill = setInterval(() => {
    if (plain.servedBytes() - before < 8 * 1024 * 1024) return;
    clearInterval(fill);
    try {
      writeFileSync(join(small.cache, 'fill'), Buffer.alloc(128 * 1024 * 1024));
    } catch {
      // As full as can be.
    }
  }, 5);
  const error = errorOf(await run.ended);
  clearInterval(fill);
  expect(['MSP_DISK_FULL', 'MSP_SPACE_LOW']).toContain(error.code);
  expect(readdirSync(small.machines)).toEqual([]);
  rmSync(join(small.cache, 'fill'));
  const served = plain.servedBytes();
  await machinespawnOk(small, command);
  expect(plain.servedBytes() - served).toBeLessThan(body.length);
  expect(statSync(join(small.machines, 'big.raw')).size).toBe(body.length + 1024 * 1024);
  // A body without end is left before the disk is full; one that fits is taken, however little is left then.
  rmSync(join(small.cache, 'downloads'), { recursive: true });
  plain.files['/endless.raw'] = { body: diskStart(), contentLength: null, endless: true };
  const endless = await machinespawn(small, ['pull-raw', '--verify', 'no', `${plain.url}/endless.raw`, 'no', '--json']);
  expect(errorOf(endless).code).toBe('MSP_SPACE_LOW');
  expect(existsSync(join(small.machines, 'no.raw'))).toBe(false);
  const { bavail, bsize } = statfsSync(small.cache);
  expect(bavail * bsize).toBeGreaterThan(32 * 1024 * 1024);
  rmSync(join(small.cache, 'downloads'), { recursive: true });
  plain.files['/fits.raw'] = { body: Buffer.concat([diskStart(), Buffer.alloc(65 * 1024 * 1024)]) };
  await machinespawnOk(small, ['pull-raw', '--verify', 'no', `${plain.url}/fits.raw`, 'fits']);
});

it('a disk that becomes full while it is unpacked or written: nothing is published, and the image is kept', async () => {
  const small = newPlace('pull-small');
  for (const path of [small.cache, small.machines]) {
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'tmpfs', path]);
    mounted.push(path);
  }
  // Packed, they are nothing.
  mkdirSync(inWork('large/etc'), { recursive: true });
  writeFileSync(inWork('large/etc/os-release'), 'ID=large\n');
  writeFileSync(inWork('large/text'), 'x'.repeat(96 * 1024 * 1024));
  packTree(inWork('large'), inWork('large.tar.gz'), '-z');
  const disk = Buffer.concat([diskStart(), Buffer.alloc(96 * 1024 * 1024, 'x')]);
  writeFileSync(inWork('large.raw.gz'), execFileSync('gzip', ['-c'], { input: disk }));
  for (const [command, file, code] of [
    ['pull-tar', 'large.tar.gz', 'MSP_DISK_FULL'],
    // A disk image is written in pieces that there is room for.
    ['pull-raw', 'large.raw.gz', 'MSP_SPACE_LOW'],
  ] as const) {
    const body = readFileSync(inWork(file));
    plain.files[`/${file}`] = { body };
    const ended = await machinespawn(small, [command, '--verify', 'no', `${plain.url}/${file}`, 'large', '--json']);
    expect(errorOf(ended).code, command).toBe(code);
    expect(readdirSync(small.machines), command).toEqual([]);
    expect(existsSync(join(small.cache, 'downloads', sha256(body))), command).toBe(true);
    const local = await machinespawn(small, [command, inWork(file), 'large', '--json']);
    expect(errorOf(local).code, command).toBe(code);
    expect(existsSync(inWork(file))).toBe(true);
  }
  // The mounts are ours.
  expect((await leaksOf(small.root)).filter((leak) => !leak.startsWith('mount '))).toEqual([]);
  // With room, the same commands.
  for (const path of [small.cache, small.machines]) execFileSync('mount', ['-o', 'remount,size=500m', path]);
  for (const [command, file] of [
    ['pull-tar', 'large.tar.gz'],
    ['pull-raw', 'large.raw.gz'],
  ] as const)
    await machinespawnOk(small, [command, '--verify', 'no', `${plain.url}/${file}`, file.slice(6, 9)]);
  expect(readdirSync(small.machines).toSorted()).toEqual(['raw.raw', 'tar']);
});

it('few bytes that unpack to many leave room for everybody else; holes are no bytes', async () => {
  const small = newPlace('bomb');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=150m,mode=0755', 'tmpfs', small.machines]);
  mounted.push(small.machines);
  const MiB = 1024 * 1024;
  const zstd = (pieces: readonly Buffer[]): Buffer =>
    execFileSync('zstd', ['-q', '-c'], { input: Buffer.concat(pieces), maxBuffer: 64 * MiB });
  writeFileSync(inWork('bomb.raw.zst'), zstd([diskStart(), Buffer.alloc(400 * MiB, 'x')]));
  const bomb = errorOf(await machinespawn(small, ['pull-raw', inWork('bomb.raw.zst'), 'bomb', '--json']));
  expect(bomb).toMatchObject({ code: 'MSP_SPACE_LOW', message: expect.stringContaining(small.machines) as unknown });
  expect(Number(bomb.details['freeBytes'])).toBeGreaterThan(31 * MiB);
  expect(readdirSync(small.machines)).toEqual([]);
  // It is as long as several of the pieces that are written at once, and its end is a hole.
  const data = randomBytes(20 * MiB);
  const whole = [
    diskStart(),
    Buffer.alloc(300 * MiB),
    data,
    Buffer.alloc(200 * MiB),
    data,
    Buffer.alloc(100 * MiB + 5),
  ];
  writeFileSync(inWork('holes.raw.zst'), zstd(whole));
  await machinespawnOk(small, ['pull-raw', inWork('holes.raw.zst'), 'holes']);
  const image = join(small.machines, 'holes.raw');
  expect(sha256(readFileSync(image))).toBe(sha256(Buffer.concat(whole)));
  expect(statSync(image).blocks * 512).toBeLessThan(43 * MiB);
});

it('a name that another run makes a machine of is told at once, and that run gets it', async () => {
  plain.files['/slow.raw'] = { body: Buffer.concat([diskStart(), randomBytes(8 * 1024 * 1024)]), bytesPerSecond: 8e6 };
  const command = ['pull-raw', '--verify', 'no', `${plain.url}/slow.raw`, 'same'];
  const before = plain.servedBytes();
  const first = start(place, command);
  while (plain.servedBytes() - before < 1024 * 1024) await sleep(20);
  // The same command is told that its run is at work.
  const others = ['pull-raw', inWork('other.raw'), 'same', '--json'];
  writeFileSync(inWork('other.raw'), Buffer.concat([diskStart(), Buffer.alloc(1024 * 1024)]));
  const second = errorOf(await machinespawn(place, others));
  expect(second).toMatchObject({
    code: 'MSP_LOCK_BUSY',
    message: `the machine name 'same' is in use by process ${first.pid}`,
  });
  expect((await first.ended).code).toBe(0);
  expect(errorOf(await machinespawn(place, others)).code).toBe('MSP_MACHINE_EXISTS');
  await machinespawnOk(place, ['remove', '-y', 'same']);
});

it('what a killed run left of its standard input goes with the next one, or with the cache', async () => {
  const own = newPlace('input');
  const partial = join(own.cache, 'downloads/partial');
  const left = (): readonly string[] => (existsSync(partial) ? readdirSync(partial) : []);
  execFileSync('mkfifo', [inWork('fifo')]);
  const wrapper = ['sh', '-c', 'exec "$@" < "$0"', inWork('fifo')];
  const killOne = async (): Promise<void> => {
    const feed = createWriteStream(inWork('fifo'), { flags: 'r+' });
    const run = start(own, ['pull-tar', '-', 'input'], { wrapper });
    feed.write(randomBytes(2 * 1024 * 1024));
    while (!left().some((name) => name.endsWith('.json'))) await sleep(20);
    run.kill('SIGKILL');
    await run.ended;
    feed.destroy();
    expect(left()).toHaveLength(2);
  };
  await killOne();
  await machinespawnOk(own, ['pull-tar', '-', 'next'], { stdin: tar });
  expect(left()).toEqual([]);
  await killOne();
  await machinespawnOk(own, ['clean-cache', '--downloads', '-y']);
  expect(left()).toEqual([]);
});

it('why tar failed is told, and not what it remarked on the way', async () => {
  const long = Buffer.alloc(512);
  long.write(`etc/${'x'.repeat(300)}`);
  const head = (name: string, type = '0', sizeBytes = 0): Buffer => craftedHeader({ name, type, sizeBytes });
  const bad = [head('././@LongLink', 'L', 305), long, head('etc/x')];
  // Their date is 1970, which tar remarks of each.
  const others = Array.from({ length: 9 }, (_, index) => head(`etc/${index}`));
  writeFileSync(inWork('long.tar'), Buffer.concat([...bad, ...others, Buffer.alloc(1024)]));
  const { message } = errorOf(await machinespawn(place, ['pull-tar', inWork('long.tar'), 'long', '--json']));
  expect(message).toContain('File name too long');
  expect(message).not.toContain('time stamp');
});

/** A table with one partition, so that it is a disk. */
function diskStart(): Buffer {
  const disk = Buffer.alloc(1024 * 1024);
  disk.writeUInt16LE(0xaa55, 510);
  disk[446 + 4] = 0x83;
  disk.writeUInt32LE(2048, 446 + 8);
  disk.writeUInt32LE(1000, 446 + 12);
  return disk;
}

/** Where the host has no udev: one for what is started here, which sees the kernel's devices and nobody's /run. */
const withUdev = String.raw`mkdir -p /run/udev && mount -t tmpfs tmpfs /run/udev || exit 125
/lib/systemd/systemd-udevd & udevd=$!
until [ -S /run/udev/control ]; do sleep 0.05; done
"$@"; code=$?
kill $udevd; wait $udevd; exit $code`;

it('disk images with a root file system run: with a GPT, with an MBR, and without partitions', async () => {
  const sectors = 40 * 2048;
  execFileSync('mkfs.ext4', ['-q', '-d', inWork('tree'), inWork('root.ext4'), '40M']);
  const root = readFileSync(inWork('root.ext4'));
  writeFileSync(inWork('bare.raw'), root);
  const disk = diskStart();
  disk.writeUInt32LE(sectors, 446 + 12);
  disk[446] = 0x80;
  writeFileSync(inWork('mbr.raw'), Buffer.concat([disk, root]));
  writeFileSync(inWork('gpt.raw'), Buffer.concat([Buffer.alloc(disk.length), root, Buffer.alloc(disk.length)]));
  const rootType = '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709';
  const layout = `label: gpt\nstart=2048, size=${sectors}, type=${rootType}\n`;
  execFileSync('sfdisk', ['-q', inWork('gpt.raw')], { input: layout, stdio: ['pipe', 'ignore', 'ignore'] });
  const isUdevHere = existsSync('/run/udev/control');
  const wrapper = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', withUdev, 'sh'];
  for (const [name, table] of [
    ['bare', 'no partitions'],
    ['mbr', 'mbr: linux'],
    ['gpt', 'amd64'],
  ] as const) {
    const { stderr } = await machinespawnOk(place, ['pull-raw', inWork(`${name}.raw`), name]);
    expect(stderr).toContain(table);
    const run = ['run', name, '--', 'sh', '-c', 'id; cat /etc/os-release; echo new > /etc/new'];
    if (!isUdevHere) expect((await machinespawn(place, run)).stderr).toContain('MSP_MACHINE_NEEDS_UDEV');
    const ran = await machinespawnOk(place, run, isUdevHere ? {} : { wrapper });
    expect(ran.stdout).toMatch(/^uid=0\(root\)[\s\S]*ID=crafted/u);
    await machinespawnOk(place, ['remove', '-y', name]);
  }
  // All partitions are there, and only the copy of the table is not.
  const whole = readFileSync(inWork('gpt.raw'));
  writeFileSync(inWork('end.raw'), whole.subarray(0, whole.length - disk.length));
  const { stderr } = await machinespawnOk(place, ['pull-raw', inWork('end.raw'), 'end']);
  expect(stderr).toContain(`is cut off: it has ${whole.length - disk.length} bytes of a disk of ${whole.length}`);
  writeFileSync(inWork('cut.raw'), whole.subarray(0, whole.length - disk.length - 512));
  const cut = errorOf(await machinespawn(place, ['pull-raw', inWork('cut.raw'), 'cut', '--json']));
  expect(cut.code).toBe('MSP_IMAGE_DAMAGED');
  expect(await leaksOf(place.root)).toEqual([]);
});

it('on btrfs, a machine is a subvolume that is a snapshot of the kept tree, and --read-only one of its properties', async () => {
  const disk = await mountLoopFileSystem('btrfs');
  try {
    const own = {
      root: disk.path,
      machines: join(disk.path, 'm'),
      cache: join(disk.path, 'c'),
      state: join(disk.path, 's'),
    };
    mkdirSync(own.machines, { mode: 0o700 });
    const pull = (...more: readonly string[]) =>
      machinespawnOk(own, ['pull-tar', inWork('root.tar.gz'), 'sub', ...more]);
    await pull('--read-only');
    const machine = join(own.machines, 'sub');
    const isReadOnly = (): string =>
      execFileSync('btrfs', ['property', 'get', '-ts', machine, 'ro'], { encoding: 'utf8' });
    const parent = (): string => execFileSync('btrfs', ['subvolume', 'show', machine], { encoding: 'utf8' });
    expect(isReadOnly()).toBe('ro=true\n');
    expect(parent()).toMatch(/Parent UUID:\s+[0-9a-f]{8}-/u);
    expect((await machinespawnOk(own, ['show', 'sub'])).stdout).toContain('read-only');
    expect((await machinespawnOk(own, ['run', 'sub', '--', 'id', '-u'])).stdout).toBe('0\n');
    expect((await pull('--replace', '-y')).stderr).toMatch(/extract +ok: from cache/u);
    expect(isReadOnly()).toBe('ro=false\n');
    execFileSync('btrfs', ['property', 'set', '-ts', machine, 'ro', 'true']);
    await machinespawnOk(own, ['remove', '-y', 'sub']);
    expect(existsSync(machine)).toBe(false);
  } finally {
    await disk.release();
  }
});
