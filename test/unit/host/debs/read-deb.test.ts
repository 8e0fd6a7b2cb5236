import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { openDeb } from '../../../../src/host/debs/read-deb.ts';
import { XzFilter } from '../../../../src/host/debs/xz-filter.ts';
import { tarEnd, tarOf } from '../../../../src/model/tar-file.ts';
import { debFile, sha256, type DebSpec } from '../../../support/deb-file.ts';
import { expectCode, scratchDirectory } from '../scratch.ts';

const scratch = scratchDirectory();
// One for all: what was broken before must not spoil what comes after.
const filter = new XzFilter();
afterAll(() => filter.close());
const tar = Buffer.concat([tarOf([{ path: './usr/x', content: 'content', mode: 0o644 }]), tarEnd]);
const xz = execFileSync('xz', ['-c'], { input: tar });

async function read(content: Buffer, digest = sha256(content)): Promise<Buffer> {
  const path = join(scratch, `${digest}.deb`);
  writeFileSync(path, content);
  const open = await openDeb({ name: 'demo', path, sha256: digest }, filter);
  try {
    const pieces: Buffer[] = [];
    for await (const piece of open.data) pieces.push(piece);
    await open.finish();
    expect(open.controlFiles.map(({ name }) => name)).toEqual(['control']);
    return Buffer.concat(pieces);
  } finally {
    await open.close();
  }
}

test.each<[string, DebSpec]>([
  ['data.tar', { data: tar }],
  ['data.tar.xz', { data: xz }],
  ['data.tar.zst', { data: zstdCompressSync(tar) }],
  ['data.tar.bz2', { data: execFileSync('bzip2', ['-c'], { input: tar }) }],
])('%s is read', async (dataMember, spec) => {
  expect((await read(debFile({ ...spec, dataMember }))).equals(tar)).toBe(true);
});

test('what dpkg-deb makes is read', async () => {
  const directory = join(scratch, 'demo');
  execFileSync('mkdir', ['-p', `${directory}/DEBIAN`, `${directory}/usr`]);
  writeFileSync(
    `${directory}/DEBIAN/control`,
    'Package: demo\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b>\nDescription: d\n',
  );
  writeFileSync(`${directory}/usr/x`, 'content');
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', directory, join(scratch, 'real.deb')]);
  expect((await read(readFileSync(join(scratch, 'real.deb')))).includes('content')).toBe(true);
});

test('what is broken is named: the form, the compression, the member, the digest', async () => {
  const good = debFile({ dataMember: 'data.tar.xz', data: xz });
  await expectCode(read(Buffer.from('no ar at all')), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(good.subarray(0, 100)), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(debFile({ dataMember: 'data.tar.xz', data: xz.subarray(0, 60) })), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(debFile({ dataMember: 'surprise', data: xz })), 'MSP_PACKAGE_BROKEN');
  await expectCode(read(debFile({ dataMember: 'data.tar.rar', data: xz })), 'MSP_PACKAGE_COMPRESSION');
  await expectCode(read(good, 'a'.repeat(64)), 'MSP_PACKAGE_CORRUPT');
  // Damage that breaks the form, too, is told as what it is.
  await expectCode(read(good.subarray(0, 100), 'b'.repeat(64)), 'MSP_PACKAGE_CORRUPT');
});

test('one xz program reads many members, and what spoils one spoils no other', async () => {
  const members = Array.from({ length: 20 }, (_, at) =>
    Buffer.concat([tarOf([{ path: `./usr/${at}`, content: randomBytes(at * 9001), mode: 0o644 }]), tarEnd]),
  );
  for (const [at, member] of members.entries()) {
    const packed = execFileSync('xz', ['-c'], { input: member });
    if (at % 5 === 4) {
      const spoilt = Buffer.from(packed);
      spoilt.writeUInt8(spoilt.readUInt8(spoilt.length >> 1) ^ 0xff, spoilt.length >> 1);
      await expectCode(read(debFile({ dataMember: 'data.tar.xz', data: spoilt })), 'MSP_PACKAGE_BROKEN');
    }
    expect((await read(debFile({ dataMember: 'data.tar.xz', data: packed }))).equals(member), `member ${at}`).toBe(
      true,
    );
  }
});

test('a member of several xz streams is read, too', async () => {
  const [first, second] = [tar.subarray(0, 700), tar.subarray(700)].map((part) =>
    execFileSync('xz', ['-c'], { input: part }),
  );
  const data = Buffer.concat([first ?? xz, second ?? xz]);
  expect((await read(debFile({ dataMember: 'data.tar.xz', data }))).equals(tar)).toBe(true);
});
