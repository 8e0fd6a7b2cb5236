/** pull-tar and pull-raw as a user runs them, against a server on this host with faults to order. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFaultyServer, type FaultyServer } from '../support/faulty-server.ts';
import { craftedTar } from '../support/tar-entries.ts';
import { diffTrees, listTree } from '../support/tree-listing.ts';
import { makeCraftedTree, packTree, unpackTree } from './support/crafted-tree.ts';
import { leaksOf } from './support/leaks.ts';
import { errorOf, machinespawn, machinespawnOk, newPlace, start, type Place } from './support/machinespawn.ts';
import { newDirectory } from './support/shared-place.ts';

let server: FaultyServer;
let work: string;
let reference: string;
let place: Place;

const archive = (name: string): string => join(work, name);
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const publish = (name: string): string => {
  server.files[`/${name}`] = { body: readFileSync(archive(name)) };
  return `${server.url}/${name}`;
};

beforeAll(async () => {
  server = await startFaultyServer();
  work = newDirectory('pull');
  const tree = join(work, 'tree');
  makeCraftedTree(tree);
  packTree(tree, archive('gnu.tar'), '--format=gnu');
  for (const [suffix, option] of [
    ['gz', '-z'],
    ['xz', '-J'],
    ['bz2', '-j'],
    ['zst', '--zstd'],
  ] as const)
    packTree(tree, archive(`crafted.tar.${suffix}`), '--format=pax', option);
  reference = join(work, 'reference');
  unpackTree(archive('crafted.tar.gz'), reference);
  place = newPlace('pulled');
});

afterAll(() => server.close());

const differences = async (name: string, in_ = place): Promise<readonly string[]> =>
  diffTrees(await listTree(reference), await listTree(join(in_.machines, name)), {});

describe('an archive with every kind of file', () => {
  it('comes out as GNU tar makes it, in every compression and from every place', async () => {
    const unverified = ['--verify', 'no'];
    await machinespawnOk(place, ['pull-tar', archive('crafted.tar.gz'), 'gz']);
    expect(await differences('gz')).toEqual([]);
    // Told by its bytes; under another name; in several members; with zeros behind; by redirect.
    const inMembers = (suffix: string, packer: string, ...options: readonly string[]): Buffer => {
      const unpacked = execFileSync(packer, ['-dc', archive(`crafted.tar.${suffix}`)], { maxBuffer: 2 ** 28 });
      const half = Math.floor(unpacked.length / 2);
      const pack = (input: Buffer): Buffer => execFileSync(packer, [...options, '-c'], { input, maxBuffer: 2 ** 28 });
      return Buffer.concat([pack(unpacked.subarray(0, half)), pack(unpacked.subarray(half)), Buffer.alloc(10_240)]);
    };
    server.files['/latest'] = { body: Buffer.alloc(0), redirect: '/download.raw?id=1&x=2' };
    for (const [suffix, packer, option] of [
      ['gz', 'gzip', '-1'],
      ['bz2', 'bzip2', '-1'],
      ['zst', 'zstd', '-q'],
    ] as const) {
      server.files['/download.raw'] = { body: inMembers(suffix, packer, option) };
      const name = `${suffix}-members`;
      await machinespawnOk(place, ['pull-tar', `${server.url}/latest`, name, '--no-cache', ...unverified]);
      expect(await differences(name), name).toEqual([]);
    }
    await machinespawnOk(place, ['pull-tar', '-', 'xz'], { stdin: inMembers('xz', 'xz', '-0') });
    expect(await differences('xz')).toEqual([]);
    // As few zeros as xz itself takes for damage.
    const odd = Buffer.concat([readFileSync(archive('crafted.tar.xz')), Buffer.alloc(3)]);
    await machinespawnOk(place, ['pull-tar', '-', 'odd'], { stdin: odd });
    expect(await differences('odd')).toEqual([]);
    // Its holes are holes.
    expect(statSync(join(place.machines, 'gz/var/sparse')).blocks * 512).toBeLessThan(4 * 1024 * 1024);
    expect(await leaksOf(place.root)).toEqual([]);
  });

  it('runs, is listed with what was verified, and is a snapshot when it is pulled again', async () => {
    const url = publish('crafted.tar.gz');
    const digest = sha256(readFileSync(archive('crafted.tar.gz')));
    server.files['/crafted.tar.gz.sha256'] = { body: Buffer.from(`SHA256 (crafted.tar.gz) = ${digest}\n`) };
    const { stderr } = await machinespawnOk(place, ['pull-tar', url, 'again', '--new-identity']);
    expect(stderr).toMatch(/extract +ok: from cache/u);
    expect(stderr).toContain('Verified: checksum:crafted.tar.gz.sha256');
    expect((await machinespawnOk(place, ['run', 'again', '--', 'id'])).stdout).toBe(
      'uid=0(root) gid=0(root) groups=0(root)\n',
    );
    expect(readFileSync(join(place.machines, 'again/etc/hostname'), 'utf8')).toBe('again\n');
    const { stdout } = await machinespawnOk(place, ['show', 'again', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      os: { prettyName: 'Crafted 1' },
      origin: { kind: 'pull-tar', verification: 'checksum:crafted.tar.gz.sha256' },
    });
    const shown = await machinespawnOk(place, ['show', 'again']);
    expect(shown.stdout).toMatch(/Verified: +checksum:crafted\.tar\.gz\.sha256/u);
    const listed = await machinespawnOk(place, ['list', '--format', 'wide']);
    expect(listed.stdout).toMatch(/VERIFIED[\s\S]*again .*checksum:crafted\.tar\.gz\.sha256/u);
    // Nothing is fetched again: the server says that it is the same.
    const before = server.servedBytes();
    server.requests.length = 0;
    await machinespawnOk(place, ['pull-tar', url, 'again', '--replace', '-y', '--read-only', '--sha256', digest]);
    expect(server.servedBytes() - before).toBe(0);
    expect(server.requests).toEqual([expect.stringMatching(/^GET \/crafted\.tar\.gz bytes=0-\d+$/u)]);
    expect((await machinespawnOk(place, ['show', 'again'])).stdout).toContain('read-only');
    expect((await machinespawn(place, ['run', 'again', '--', 'sh', '-c', ': > /etc/new'])).code).not.toBe(0);
    // As machinectl marks it, which `machinectl start` heeds; without our record it is one as well.
    const attributes = (): string => execFileSync('lsattr', ['-d', join(place.machines, 'again')]).toString();
    expect(attributes()).toMatch(/^\S*i/u);
    await machinespawnOk(place, ['pull-tar', url, 'again', '--replace', '-y']);
    expect(attributes()).not.toMatch(/^\S*i/u);
    execFileSync('chattr', ['+i', join(place.machines, 'again')]);
    expect((await machinespawnOk(place, ['show', 'again'])).stdout).toContain('read-only');
    expect((await machinespawnOk(place, ['run', 'again', '--', 'id', '-u'])).stdout).toBe('0\n');
    expect((await machinespawn(place, ['run', 'again', '--', 'sh', '-c', ': > /etc/new'])).code).not.toBe(0);
    await machinespawnOk(place, ['remove', '-y', 'again']);
    expect(existsSync(join(place.machines, 'again'))).toBe(false);
  });

  it("in GNU's old format, below one directory, and stripped", async () => {
    const wrapped = join(work, 'wrapped');
    mkdirSync(wrapped);
    execFileSync('cp', ['-a', join(work, 'tree'), join(wrapped, 'rootfs-1.0')]);
    packTree(wrapped, archive('wrapped.tar'), '--format=gnu', '--transform=s,^\\./,,S');
    await machinespawnOk(place, ['pull-tar', archive('wrapped.tar'), 'wrapped']);
    await machinespawnOk(place, ['pull-tar', archive('wrapped.tar'), 'stripped', '--strip', '1']);
    await refused(['pull-tar', archive('wrapped.tar'), 'new', '--strip', '9'], 'MSP_USAGE');
    await machinespawnOk(place, ['pull-tar', archive('gnu.tar'), 'gnu']);
    const fromGnu = join(work, 'from-gnu');
    unpackTree(archive('gnu.tar'), fromGnu);
    for (const name of ['wrapped', 'stripped', 'gnu']) {
      const found = diffTrees(await listTree(fromGnu), await listTree(join(place.machines, name)), {
        // What is left out of the names is not made.
        ignore: (path) => path === '.' && name === 'stripped',
      });
      expect(found, name).toEqual([]);
    }
  });

  it('as layers of a container image, with what they delete', async () => {
    const layers = join(work, 'layers');
    mkdirSync(join(layers, 'upper/etc/acl.d'), { recursive: true });
    mkdirSync(join(layers, 'upper/var'));
    writeFileSync(join(layers, 'upper/etc/.wh.acl'), '');
    writeFileSync(join(layers, 'upper/etc/acl.d/.wh..wh..opq'), '');
    writeFileSync(join(layers, 'upper/etc/acl.d/new'), 'new');
    writeFileSync(join(layers, 'upper/var/one'), 'upper');
    writeFileSync(join(layers, 'upper/var/mail'), 'a file in the place of a directory');
    packTree(join(layers, 'upper'), join(layers, 'upper.tar'));
    const lower = readFileSync(archive('crafted.tar.gz'));
    const upper = readFileSync(join(layers, 'upper.tar'));
    const oci = join(work, 'oci');
    mkdirSync(join(oci, 'blobs/sha256'), { recursive: true });
    const blob = (data: Buffer): { digest: string; size: number } => {
      writeFileSync(join(oci, 'blobs/sha256', sha256(data)), data);
      return { digest: `sha256:${sha256(data)}`, size: data.length };
    };
    const manifest = blob(Buffer.from(JSON.stringify({ schemaVersion: 2, layers: [blob(lower), blob(upper)] })));
    writeFileSync(join(oci, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(oci, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
    packTree(oci, archive('oci.tar'));
    const { stderr } = await machinespawnOk(place, ['pull-tar', archive('oci.tar'), 'oci']);
    expect(stderr).toContain(', oci');
    const root = join(place.machines, 'oci');
    expect(existsSync(join(root, 'etc/acl'))).toBe(false);
    expect(readdirSync(join(root, 'etc/acl.d'))).toEqual(['new']);
    expect(readFileSync(join(root, 'var/one'), 'utf8')).toBe('upper');
    expect(readFileSync(join(root, 'var/mail'), 'utf8')).toContain('a file');
    expect(readFileSync(join(root, 'var/other'), 'utf8')).toBe('one');
    expect(readdirSync(root).some((name) => name.startsWith('.'))).toBe(false);
    // Through symlinks of the layers below, which lead to places in the tree, whatever is there on the host; a directory
    // in the place of a symlink is one.
    const through = join(layers, 'through');
    mkdirSync(join(through, 'below/var/lib'), { recursive: true });
    mkdirSync(join(through, 'below/run'));
    mkdirSync(join(through, 'below/etc/taken'), { recursive: true });
    const target = '/run/a&b,c.';
    mkdirSync(join(through, `below${target}/file`), { recursive: true });
    for (const [path, to] of [
      ['var/run', target],
      ['var/lib/up', '../../../../../run'],
      ['var/turned', '/run'],
      ['etc/to', 'taken'],
    ] as const)
      symlinkSync(to, join(through, 'below', path));
    const above = [
      { name: './var/run/file', type: '0' },
      { name: 'var/run/other', type: '0' },
      { name: 'var/lib/up/up', type: '0' },
      { name: 'var/run/hard', type: '1', target: 'var/run/other' },
      { name: 'var/turned/', type: '5' },
      { name: 'var/turned/x', type: '0' },
      { name: 'etc/to/y', type: '0' },
    ];
    packTree(join(through, 'below'), join(through, 'below.tar'));
    writeFileSync(join(through, 'above.tar'), craftedTar(...above));
    writeFileSync(join(through, 'manifest.json'), '[{"Layers":["below.tar","above.tar"]}]');
    packTree(through, archive('through-links.tar'), '--exclude=./below');
    await machinespawnOk(place, ['pull-tar', archive('through-links.tar'), 'through']);
    const made = join(place.machines, 'through');
    expect(readdirSync(join(made, target)).toSorted()).toEqual(['file', 'hard', 'other']);
    expect(statSync(join(made, target, 'file')).isFile()).toBe(true);
    expect(statSync(join(made, target, 'hard')).nlink).toBe(2);
    expect(readdirSync(join(made, 'run')).toSorted()).toEqual(['a&b,c.', 'up']);
    expect(readlinkSync(join(made, 'var/run'))).toBe(target);
    expect(readdirSync(join(made, 'var/turned'))).toEqual(['x']);
    expect(readdirSync(join(made, 'etc/taken'))).toEqual(['y']);
    // As docker saves it, the second of two equal layers as a symlink.
    const saved = join(work, 'docker');
    mkdirSync(join(saved, 'one'), { recursive: true });
    mkdirSync(join(saved, 'two'));
    copyFileSync(join(layers, 'upper.tar'), join(saved, 'one/layer.tar'));
    symlinkSync('../one/layer.tar', join(saved, 'two/layer.tar'));
    writeFileSync(join(saved, 'manifest.json'), '[{"Layers":["one/layer.tar","two/layer.tar"]}]');
    packTree(saved, archive('docker.tar'));
    expect((await machinespawnOk(place, ['pull-tar', archive('docker.tar'), 'docker'])).stderr).toContain(', docker');
    expect(readFileSync(join(place.machines, 'docker/etc/acl.d/new'), 'utf8')).toBe('new');
    symlinkSync('/etc/passwd', join(saved, 'three'));
    writeFileSync(join(saved, 'manifest.json'), '[{"Layers":["one/layer.tar","three"]}]');
    packTree(saved, archive('docker-out.tar'));
    await refused(['pull-tar', archive('docker-out.tar'), 'new'], 'MSP_OCI_UNUSABLE');
    // One image with two tags is one.
    writeFileSync(join(oci, 'index.json'), JSON.stringify({ manifests: [manifest, manifest] }));
    packTree(oci, archive('tags.tar'));
    await machinespawnOk(place, ['pull-tar', archive('tags.tar'), 'tags']);
    expect(readFileSync(join(place.machines, 'tags/etc/acl.d/new'), 'utf8')).toBe('new');
    const other = blob(Buffer.from(JSON.stringify({ schemaVersion: 2, layers: [blob(upper)] })));
    writeFileSync(join(oci, 'index.json'), JSON.stringify({ manifests: [manifest, other] }));
    packTree(oci, archive('two.tar'));
    await refused(['pull-tar', archive('two.tar'), 'two'], 'MSP_OCI_UNUSABLE');
    // Each blob has to be what its name says, a layer that is a symlink to another one, too.
    writeFileSync(join(oci, 'index.json'), JSON.stringify({ manifests: [manifest] }));
    rmSync(join(oci, 'blobs/sha256', sha256(lower)));
    symlinkSync(sha256(upper), join(oci, 'blobs/sha256', sha256(lower)));
    packTree(oci, archive('swapped.tar'));
    await refused(['pull-tar', archive('swapped.tar'), 'new'], 'MSP_TAR_DAMAGED');
  });
});

async function refused(args: readonly string[], code: string, stdin?: string | Buffer): Promise<string> {
  const ended = await machinespawn(place, [...args, '--json'], stdin === undefined ? {} : { stdin });
  const error = errorOf(ended);
  expect(error.code, ended.stderr).toBe(code);
  expect(existsSync(join(place.machines, args[2] ?? '')), 'nothing is published').toBe(false);
  return error.hint ?? '';
}

const hardLink = { name: 'etc/passwd', type: '1', target: '../../../etc/passwd' };
const hugeName = { name: 'x', type: 'x', sizeBytes: 8 * 1024 ** 3 - 1 };

describe('what is not as it should be', () => {
  const keyHome = (): string => join(work, 'gnupg');
  const gpg = (...args: readonly string[]): void => {
    mkdirSync(keyHome(), { recursive: true, mode: 0o700 });
    execFileSync('gpg', ['--homedir', keyHome(), '--batch', '--yes', '-q', '--passphrase', '', ...args]);
  };
  // Its agent would go on for ever.
  afterAll(() => execFileSync('gpgconf', ['--homedir', keyHome(), '--kill', 'all']));
  const noBlob = (digest: string): void =>
    expect(existsSync(join(place.cache, 'downloads', digest)), 'bad bytes are not kept').toBe(false);

  it('is told before anything is fetched', async () => {
    const url = publish('gnu.tar');
    expect(await refused(['pull-tar', url, 'new'], 'MSP_VERIFY_NONE')).toContain('--sha256');
    await refused(['pull-tar', `${server.url}/none.tar`, 'new'], 'MSP_DOWNLOAD_NOT_FOUND');
    server.files['/page.tar.xz'] = { body: Buffer.from('<!DOCTYPE html><title>Log in</title>'.padEnd(2000)) };
    await refused(['pull-tar', `${server.url}/page.tar.xz`, 'new'], 'MSP_PULL_KIND');
    const disk = Buffer.alloc(1024 * 1024);
    disk.writeUInt16LE(0xaa55, 510);
    server.files['/Cloud.raw.xz'] = { body: execFileSync('xz', ['-0c'], { input: disk }) };
    const hint = await refused(['pull-tar', `${server.url}/Cloud.raw.xz?a=1&b=2`, 'new'], 'MSP_PULL_KIND');
    expect(hint).toBe(`sudo machinespawn pull-raw '${server.url}/Cloud.raw.xz?a=1&b=2' new`);
    // Of bzip2 the first block is needed, and no more.
    const noise = Buffer.concat([disk.subarray(0, 1024), randomBytes(6 * 1024 * 1024)]);
    server.files['/noise'] = { body: execFileSync('bzip2', ['-9c'], { input: noise, maxBuffer: 2 ** 26 }) };
    const before = server.servedBytes();
    await refused(['pull-tar', `${server.url}/noise`, 'new', '--verify', 'no'], 'MSP_PULL_KIND');
    expect(server.servedBytes() - before).toBeLessThan(2 * 1024 * 1024);
    expect(await refused(['pull-raw', archive('gnu.tar'), 'new'], 'MSP_PULL_KIND')).toContain('pull-tar');
    const taken = await machinespawn(place, ['pull-tar', url, 'gz', '--json']);
    expect(errorOf(taken).code).toBe('MSP_MACHINE_EXISTS');
    await refused(['pull-tar', '-', 'new'], 'MSP_PULL_KIND', '');
  });

  it('is told by checksum and signature', async () => {
    const url = publish('crafted.tar.xz');
    const bytes = readFileSync(archive('crafted.tar.xz'));
    await refused(['pull-tar', url, 'new', '--sha256', sha256(Buffer.from('x'))], 'MSP_DOWNLOAD_DIGEST');
    server.files['/SHA256SUMS'] = { body: Buffer.from(`${sha256(Buffer.from('y'))} *crafted.tar.xz\n`) };
    await refused(['pull-tar', url, 'new'], 'MSP_VERIFY_CHECKSUM');
    noBlob(sha256(bytes));
    gpg('--quick-gen-key', 'publisher@example.org', 'default', 'default', 'never');
    gpg('--export', '--output', archive('keys.gpg'));
    writeFileSync(archive('SHA256SUMS'), `${sha256(bytes)} *crafted.tar.xz\n`);
    gpg('--detach-sign', '--output', archive('SHA256SUMS.gpg'), archive('SHA256SUMS'));
    publish('SHA256SUMS');
    publish('SHA256SUMS.gpg');
    const keyring = ['--keyring', archive('keys.gpg')];
    const good = await machinespawnOk(place, ['pull-tar', url, 'signed', ...keyring]);
    expect(good.stderr).toMatch(/Verified: signature:[0-9A-F]{40}/u);
    await refused(['pull-tar', url, 'new', '--verify', 'signature'], 'MSP_VERIFY_KEY');
    // Somebody in between can sign, too.
    const unknown = await refused(['pull-tar', url, 'new'], 'MSP_VERIFY_NONE');
    expect(unknown).toMatch(/--keyring FILE; --verify=checksum takes SHA256SUMS as it is/u);
    await machinespawnOk(place, ['pull-tar', url, 'unsure', '--verify', 'checksum']);
    // As publishers hand their keys out.
    gpg('--export', '--armor', '--output', archive('keys.asc'));
    const asText = await machinespawnOk(place, ['pull-tar', url, 'by-text', '--keyring', archive('keys.asc')]);
    expect(asText.stderr).toMatch(/Verified: signature:[0-9A-F]{40}/u);
    publish('crafted.tar.gz');
    const before = server.servedBytes();
    const other = `${server.url}/crafted.tar.gz`;
    const hint = await refused(['pull-tar', other, 'new', ...keyring], 'MSP_VERIFY_MISSING');
    expect(hint).toContain('without --keyring what is there counts');
    expect(await refused(['pull-tar', other, 'new', '--keyring', '/none'], 'MSP_KEYRING_MISSING')).toContain('path');
    await refused(['pull-tar', other, 'new', '--keyring', archive('SHA256SUMS')], 'MSP_KEYRING_UNUSABLE');
    // Its start, to see what it is.
    expect(server.servedBytes() - before).toBeLessThan(64 * 1024);
    server.files['/crafted.tar.gz.asc'] = { body: Buffer.from('Not found') };
    server.files['/crafted.tar.gz.sha256'] = { body: Buffer.from(`${sha256(bytes)}  -\n`) };
    await refused(['pull-tar', other, 'new'], 'MSP_VERIFY_CHECKSUM');
    delete server.files['/crafted.tar.gz.sha256'];
    // The file itself, with a binary signature; and one that is not of it.
    gpg('--detach-sign', '--output', archive('crafted.tar.gz.sig'), archive('crafted.tar.gz'));
    publish('crafted.tar.gz.sig');
    await machinespawnOk(place, ['pull-tar', `${server.url}/crafted.tar.gz`, 'detached', ...keyring]);
    server.files['/crafted.tar.zst.sig'] = { body: readFileSync(archive('crafted.tar.gz.sig')) };
    publish('crafted.tar.zst');
    await refused(['pull-tar', `${server.url}/crafted.tar.zst`, 'new', ...keyring], 'MSP_VERIFY_SIGNATURE');
    noBlob(sha256(readFileSync(archive('crafted.tar.zst'))));
    // A checksum that is signed in itself.
    writeFileSync(archive('inline'), `${sha256(readFileSync(archive('gnu.tar')))}  gnu.tar\n`);
    gpg('--clear-sign', '--output', archive('gnu.tar.sha256'), archive('inline'));
    publish('gnu.tar.sha256');
    await machinespawnOk(place, ['pull-tar', `${server.url}/gnu.tar`, 'inline', ...keyring]);
  });

  it('is told while it is unpacked: damage, escapes, bombs', async () => {
    const file = (name: string, bytes: Buffer): string => {
      writeFileSync(archive(name), bytes);
      return archive(name);
    };
    const gz = readFileSync(archive('crafted.tar.gz'));
    const plain = readFileSync(archive('gnu.tar'));
    const xz = Buffer.from(readFileSync(archive('crafted.tar.xz')));
    xz.fill(0x55, xz.length / 2, xz.length / 2 + 64);
    await refused(['pull-tar', file('short.tar.gz', gz.subarray(0, gz.length - 1000)), 'new'], 'MSP_TAR_CUT');
    await refused(['pull-tar', file('bad.tar.xz', xz), 'new'], 'MSP_TAR_DAMAGED');
    // Cut between two entries: GNU tar says nothing of it.
    await refused(['pull-tar', file('ends.tar', plain.subarray(0, 512 * 40)), 'new'], 'MSP_TAR_CUT');
    await refused(['pull-tar', file('half.tar', plain.subarray(0, plain.length / 2)), 'new'], 'MSP_TAR_CUT');
    await refused(['pull-tar', '-', 'new'], 'MSP_TAR_CUT', gz.subarray(0, gz.length - 1000));
    // More memory than is allowed; in the second frame, too, and then the file is kept.
    const wide = (input: Buffer): Buffer =>
      execFileSync('zstd', ['-q', '--long=31', '-c', '-'], { input, maxBuffer: 2 ** 26 });
    await refused(['pull-tar', file('wide.tar.zst', wide(plain)), 'new'], 'MSP_PULL_MEMORY');
    const narrow = execFileSync('zstd', ['-q', '-c'], { input: plain.subarray(0, 512 * 200), maxBuffer: 2 ** 26 });
    const mixed = Buffer.concat([narrow, wide(plain.subarray(512 * 200))]);
    await refused(['pull-tar', file('mixed.tar.zst', mixed), 'new'], 'MSP_PULL_MEMORY');
    const evil = join(work, 'evil');
    mkdirSync(join(evil, 'a/etc'), { recursive: true });
    writeFileSync(join(evil, 'a/etc/x'), 'x');
    for (const [name, change] of [
      ['up', 's,a/etc/x,../../../../tmp/machinespawn-escaped,'],
      ['abs', 's,a/etc/x,/tmp/machinespawn-escaped,'],
    ] as const) {
      execFileSync('tar', [
        '-C',
        evil,
        '-P',
        `--transform=${change}`,
        '-cf',
        archive(`${name}.tar`),
        'a/etc',
        'a/etc/x',
      ]);
      await refused(['pull-tar', archive(`${name}.tar`), 'new'], 'MSP_TAR_UNSAFE');
    }
    execFileSync('sh', [
      '-c',
      'cd "$1"; ln -s /tmp out; tar -cf "$2" out; rm out; mkdir out; echo x > out/machinespawn-escaped; tar -rf "$2" out/machinespawn-escaped',
      'sh',
      evil,
      archive('through.tar'),
    ]);
    await refused(['pull-tar', archive('through.tar'), 'new'], 'MSP_TAR_UNSAFE');
    expect(existsSync('/tmp/machinespawn-escaped')).toBe(false);
    // A hard link to outside, more devices than any machine has, a name of eight gigabytes.
    await refused(['pull-tar', file('hard.tar', craftedTar(hardLink)), 'new'], 'MSP_TAR_UNSAFE');
    const devices = Array.from({ length: 5001 }, (_, index) => ({ name: `dev/${index}`, type: '3' }));
    await refused(['pull-tar', file('devices.tar', craftedTar(...devices)), 'new'], 'MSP_TAR_TOO_LARGE');
    await refused(['pull-tar', file('name.tar', craftedTar(hugeName, hardLink)), 'new'], 'MSP_TAR_DAMAGED');
    // 400 MiB of zeros in less than two.
    const bomb = 'cd "$1"; truncate -s 400M zeros; tar -c zeros | gzip -1 > bomb.tar.gz';
    execFileSync('sh', ['-c', bomb, 'sh', work]);
    await refused(['pull-tar', archive('bomb.tar.gz'), 'new'], 'MSP_TAR_TOO_LARGE');
    expect(await leaksOf(place.root)).toEqual([]);
  });
});

it('nobody else reaches a setuid file while it is being unpacked, or the machine in the making', async () => {
  const tree = join(work, 'slow');
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  writeFileSync(join(tree, 'usr/bin/aaa-setuid'), 'set', { mode: 0o755 });
  chmodSync(join(tree, 'usr/bin/aaa-setuid'), 0o4755);
  writeFileSync(join(tree, 'usr/bin/data'), randomBytes(12 * 1024 * 1024));
  packTree(tree, archive('slow.tar'), '--sort=name');
  publish('slow.tar');
  const file = server.files['/slow.tar'];
  if (file === undefined) throw new TypeError('it is published');
  server.files['/slow.tar'] = { ...file, bytesPerSecond: 8_000_000 };
  const others = newPlace('others');
  const run = start(others, ['pull-tar', `${server.url}/slow.tar`, 'slow', '--verify', 'no']);
  const find = ['-c', 'find "$1" -name aaa-setuid -perm -4000', 'sh', others.root];
  let seen = '';
  for (const deadline = Date.now() + 20_000; seen === '' && Date.now() < deadline; await sleep(50))
    seen = execFileSync('sh', find).toString().trim().split('\n')[0] ?? '';
  expect(seen).toContain(others.cache);
  // Closed by a directory of ours, whatever stands above the cache.
  const closed = (path: string): boolean => (statSync(path).mode & 0o077) === 0;
  const above: string[] = [];
  for (let path = dirname(seen); path !== others.cache; path = dirname(path)) above.push(path);
  expect(above.filter(closed)).not.toEqual([]);
  expect((await run.ended).code).toBe(0);
  expect(closed(others.machines)).toBe(true);
});

describe('disk images', () => {
  it('are written without their zeros, listed and removed', async () => {
    const disk = Buffer.alloc(24 * 1024 * 1024);
    disk.writeUInt16LE(0xaa55, 510);
    disk[446 + 4] = 0x83;
    disk.writeUInt32LE(2048, 446 + 8);
    disk.writeUInt32LE(40_000, 446 + 12);
    randomBytes(1024 * 1024).copy(disk, 2048 * 512);
    writeFileSync(archive('disk.raw'), disk);
    execFileSync('zstd', ['-q', archive('disk.raw')]);
    execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', archive('disk.raw'), archive('disk.qcow2')]);
    for (const packer of [
      ['gzip', '-1'],
      ['xz', '-0'],
      ['bzip2', '-1'],
    ] as const)
      execFileSync(packer[0], [packer[1], '-k', archive('disk.raw')]);
    execFileSync('gzip', ['-k', archive('disk.qcow2')]);
    for (const [name, source] of [
      ['raw', 'disk.raw'],
      ['packed', 'disk.raw.zst'],
      ['raw-gz', 'disk.raw.gz'],
      ['raw-xz', 'disk.raw.xz'],
      ['raw-bz2', 'disk.raw.bz2'],
      ['cow', 'disk.qcow2'],
      ['cow-gz', 'disk.qcow2.gz'],
    ] as const) {
      const { stderr } = await machinespawnOk(place, ['pull-raw', archive(source), name]);
      expect(stderr).toContain('mbr: linux');
      const path = join(place.machines, `${name}.raw`);
      expect(readFileSync(path).equals(disk), name).toBe(true);
      expect(statSync(path).blocks * 512).toBeLessThan(4 * 1024 * 1024);
    }
    const listed = JSON.parse((await machinespawnOk(place, ['list', '--json', 'cow'])).stdout) as unknown;
    expect(listed).toMatchObject([{ name: 'cow', type: 'raw', origin: { kind: 'pull-raw' } }]);
    await machinespawnOk(place, ['pull-raw', archive('disk.raw'), 'cow', '--replace', '-y', '--read-only']);
    expect((await machinespawnOk(place, ['show', 'cow'])).stdout).toContain('read-only');
    await machinespawnOk(place, ['remove', '-y', 'cow']);
    expect(existsSync(join(place.machines, 'cow.raw'))).toBe(false);
    copyFileSync(archive('disk.qcow2'), archive('layer.qcow2'));
    execFileSync('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      '/etc/hostname',
      '-F',
      'raw',
      archive('layer.qcow2'),
    ]);
    await refused(['pull-raw', archive('layer.qcow2'), 'new'], 'MSP_IMAGE_REFUSED');
    writeFileSync(archive('cut.qcow2'), readFileSync(archive('disk.qcow2')).subarray(0, 600_000));
    await refused(['pull-raw', archive('cut.qcow2'), 'new'], 'MSP_IMAGE_DAMAGED');
    writeFileSync(archive('cut.raw.gz'), readFileSync(archive('disk.raw.gz')).subarray(0, 600_000));
    await refused(['pull-raw', archive('cut.raw.gz'), 'new'], 'MSP_IMAGE_DAMAGED');
    writeFileSync(archive('cut.raw'), disk.subarray(0, 8 * 1024 * 1024));
    await refused(['pull-raw', archive('cut.raw'), 'new'], 'MSP_IMAGE_DAMAGED');
  });
});

it('Ctrl-C ends it soon, and what came is gone on with', async () => {
  const body = readFileSync(archive('disk.raw'));
  server.files['/slow.raw'] = { body, bytesPerSecond: 30_000_000 };
  const command = ['pull-raw', `${server.url}/slow.raw`, 'stopped', '--verify', 'no'];
  const before = server.servedBytes();
  const run = start(place, command);
  let stoppedMs = 0;
  const timer = setInterval(() => {
    if (server.servedBytes() - before < 8 * 1024 * 1024) return;
    clearInterval(timer);
    stoppedMs = performance.now();
    run.kill('SIGINT');
  }, 5);
  expect((await run.ended).code).toBe(130);
  clearInterval(timer);
  expect(performance.now() - stoppedMs).toBeLessThan(5000);
  expect(existsSync(join(place.machines, 'stopped.raw'))).toBe(false);
  server.files['/slow.raw'] = { body };
  await machinespawnOk(place, command);
  expect(server.servedBytes() - before).toBeLessThan(body.length + 2 * 1024 * 1024);
  expect(await leaksOf(place.root)).toEqual([]);
});

describe('killed', () => {
  it('at 20 moments, each followed by the same command, it fetches little twice and ends in the same tree', async () => {
    const big = join(work, 'big');
    execFileSync('cp', ['-a', join(work, 'tree'), big]);
    for (let index = 0; index < 6; index += 1) writeFileSync(join(big, `var/data-${index}`), randomBytes(50_000_000));
    packTree(big, archive('big.tar'));
    publish('big.tar');
    const file = server.files['/big.tar'];
    if (file === undefined) throw new TypeError('it is published');
    server.files['/big.tar'] = { ...file, bytesPerSecond: 150_000_000 };
    const killed = newPlace('killed');
    const command = ['pull-tar', `${server.url}/big.tar`, 'big', '--verify', 'no', '--progress', 'plain'];
    const before = server.servedBytes();
    const size = file.body.length;
    const steps = [
      /verify +start/u,
      /extract +start/u,
      /extract +unpacking/u,
      /check +start/u,
      /materialize +start/u,
      /register +start/u,
    ];
    for (let moment = 1; moment <= 20; moment += 1) {
      const run = start(killed, command);
      const step = steps[moment - 15];
      if (step !== undefined) run.onLine((line) => void (step.test(line) && run.kill('SIGKILL')));
      const timer = setInterval(() => {
        if (moment < 15 && server.servedBytes() - before > (size * moment) / 15) run.kill('SIGKILL');
      }, 3);
      const { code } = await run.ended;
      clearInterval(timer);
      expect(code, `moment ${moment}`).toBe(137);
    }
    await machinespawnOk(killed, command);
    const served = server.servedBytes() - before;
    expect(served / size).toBeLessThan(1.2);
    const found = diffTrees(await listTree(big), await listTree(join(killed.machines, 'big')), {});
    expect(found).toEqual([]);
    expect(await leaksOf(killed.root)).toEqual([]);
  });
});
