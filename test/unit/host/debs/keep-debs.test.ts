import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { DebFile } from '../../../../src/host/debs/debs.ts';
import { keepDebs, type KeepSettings } from '../../../../src/host/debs/keep-debs.ts';
import { UnpackedStore } from '../../../../src/host/debs/unpacked-store.ts';
import { tarEnd, tarOf } from '../../../../src/model/tar-file.ts';
import { debFile, sha256, type DebSpec } from '../../../support/deb-file.ts';
import { expectCode, scratchDirectory } from '../scratch.ts';

const scratch = scratchDirectory();
const store = new UnpackedStore(scratch);
await store.prepare();
const tar = Buffer.concat([tarOf([{ path: './usr/x', content: 'content', mode: 0o644 }]), tarEnd]);
const xz = execFileSync('xz', ['-c'], { input: tar });

const settings: KeepSettings = {
  store,
  unpackXz: (names) => {
    const { status, stderr } = spawnSync('xz', ['-dkq', '--', ...names], { cwd: store.directory, encoding: 'utf8' });
    return Promise.resolve(status === 0 ? 'ok' : `failed: ${stderr}`);
  },
  leaveOut: () => false,
};

function place(content: Buffer, name = 'demo', digest = sha256(content)): DebFile {
  const path = join(scratch, `${digest}.deb`);
  writeFileSync(path, content);
  return { name, path, sha256: digest };
}

async function read(content: Buffer, digest = sha256(content)): Promise<Buffer> {
  const [kept] = await keepDebs([place(content, 'demo', digest)], settings);
  expect(kept?.unpacked.controlFiles.map(({ name }) => name)).toEqual(['control']);
  expect(kept?.unpacked.paths).toEqual(['/usr/x']);
  return readFileSync(kept?.file ?? '');
}

test.each<[string, DebSpec]>([
  ['data.tar', { data: tar }],
  ['data.tar.xz', { data: xz }],
  ['data.tar.lzma', { data: execFileSync('xz', ['-c', '--format=lzma'], { input: tar }) }],
  ['data.tar.zst', { data: zstdCompressSync(tar) }],
  ['data.tar.bz2', { data: execFileSync('bzip2', ['-c'], { input: tar }) }],
])('%s is read, and kept', async (dataMember, spec) => {
  const content = debFile({ ...spec, dataMember });
  expect((await read(content)).equals(tar)).toBe(true);
  const [again] = await keepDebs([place(content)], settings);
  expect([again?.isFromCache, again?.unpacked.sizeBytes]).toEqual([true, 7]);
});

test.each<[string, (tar: Buffer) => Buffer]>([
  ['control.tar', (member) => member],
  ['control.tar.gz', (member) => gzipSync(member)],
  ['control.tar.xz', (member) => execFileSync('xz', ['-c'], { input: member })],
  ['control.tar.zst', (member) => zstdCompressSync(member)],
])('%s is read', async (...controlMember) => {
  expect((await read(debFile({ controlMember, dataMember: 'data.tar.xz', data: xz }))).equals(tar)).toBe(true);
});

test('directories that are other than usual are kept with the package', async () => {
  const files = [
    { path: './', content: '', mode: 0o755, kind: 'directory' as const },
    { path: './odd/', content: '', mode: 0o2770, kind: 'directory' as const },
  ];
  const deb = place(debFile({ files }));
  const directories = { '/odd': { mode: 0o2770, uid: 0, gid: 0 } };
  for (const isFromCache of [false, true])
    expect(await keepDebs([deb], settings)).toMatchObject([{ isFromCache, unpacked: { directories } }]);
});

test('what dpkg-deb makes is read', async () => {
  const directory = join(scratch, 'real');
  execFileSync('mkdir', ['-p', `${directory}/DEBIAN`, `${directory}/usr`]);
  writeFileSync(
    `${directory}/DEBIAN/control`,
    'Package: demo\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b>\nDescription: d\n',
  );
  writeFileSync(`${directory}/usr/x`, 'content');
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', directory, join(scratch, 'real.deb')]);
  const [kept] = await keepDebs([place(readFileSync(join(scratch, 'real.deb')))], settings);
  expect(kept?.unpacked.paths).toEqual(['/.', '/usr/', '/usr/x']);
});

test('what is broken is named: the form, the compression, the member, the digest; and nothing of it is kept', async () => {
  const before = readdirSync(store.directory);
  const good = debFile({ dataMember: 'data.tar.xz', data: Buffer.concat([xz, xz]) });
  await expectCode(read(Buffer.from('no ar at all')), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(good.subarray(0, 100)), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(debFile({ dataMember: 'data.tar.xz', data: xz.subarray(0, 60) })), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(debFile({ dataMember: 'surprise', data: xz })), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(debFile({ dataMember: 'data.tar.rar', data: xz })), 'MSP_PACKAGE_COMPRESSION');
  await expectCode(read(debFile({ dataMember: 'data.tar.zst', data: xz })), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(good, 'a'.repeat(64)), 'MSP_PACKAGE_CORRUPT');
  // Damage that breaks the form, too, is told as what it is.
  await expectCode(read(good.subarray(0, 100), 'b'.repeat(64)), 'MSP_PACKAGE_CORRUPT');
  expect(readdirSync(store.directory)).toEqual(before);
});

test('of many that one xz program decompresses, the broken one is named', async () => {
  const packed = (at: number): Buffer => {
    const member = Buffer.concat([
      tarOf([{ path: `./usr/${at}`, content: randomBytes(at * 9001), mode: 0o644 }]),
      tarEnd,
    ]);
    return execFileSync('xz', ['-c'], { input: member });
  };
  const members = Array.from({ length: 6 }, (_, at) => packed(at));
  const debs = members.map((data, at) => place(debFile({ dataMember: 'data.tar.xz', data }), `demo${at}`));
  const spoilt = Buffer.from(packed(9));
  spoilt.writeUInt8(spoilt.readUInt8(spoilt.length >> 1) ^ 0xff, spoilt.length >> 1);
  const broken = place(debFile({ dataMember: 'data.tar.xz', data: spoilt }), 'spoilt');
  const fault = await expectCode(
    keepDebs([...debs.slice(0, 3), broken, ...debs.slice(3)], settings),
    'MSP_PACKAGE_BROKEN',
  );
  expect(fault).toMatchObject({ data: { package: 'spoilt' } });
  expect(fault.message).not.toContain(broken.sha256);
  const kept = await keepDebs(debs, settings);
  expect(kept.map(({ unpacked }) => unpacked.paths)).toEqual(members.map((_, at) => [`/usr/${at}`]));
});

test('a full disk is named by its place', async () => {
  const unpackXz = (): Promise<string> => Promise.resolve('failed: xz: x: Write error: No space left on device');
  const deb = place(debFile({ dataMember: 'data.tar.xz', data: Buffer.concat([xz, xz, xz]) }));
  const fault = await expectCode(keepDebs([deb], { ...settings, unpackXz }), 'MSP_DISK_FULL');
  expect(fault.message).toContain(store.directory);
});

test('a member of several xz streams is read, too', async () => {
  const [first, second] = [tar.subarray(0, 700), tar.subarray(700)].map((part) =>
    execFileSync('xz', ['-c'], { input: part }),
  );
  const data = Buffer.concat([first ?? xz, second ?? xz]);
  expect((await read(debFile({ dataMember: 'data.tar.xz', data }))).equals(tar)).toBe(true);
});
