import { readdirSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UnpackedStore, unpackedUsage } from '../../../../src/host/debs/unpacked-store.ts';
import { expectCode, scratchDirectory } from '../scratch.ts';

const cache = scratchDirectory();
const record = {
  controlFiles: [{ name: 'control', mode: 0o644, mtime: 7, content: Buffer.from([0, 255]) }],
  ...{ paths: ['/.', '/usr/', '/usr/x'], conffiles: { '/usr/x': 'd41d8' }, sizeBytes: 3 },
};

async function keep(store: UnpackedStore, sha256: string, bytes: Buffer): Promise<void> {
  const writer = await store.create(sha256);
  await writer.write(bytes);
  await writer.commit(record);
}

async function contentOf(data: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of data) pieces.push(piece);
  return Buffer.concat(pieces);
}

test('what is kept comes back as it was, and what was abandoned does not', async () => {
  const store = new UnpackedStore(cache);
  const [sha256, other] = ['a'.repeat(64), 'b'.repeat(64)];
  await keep(store, sha256, Buffer.alloc(300_000, 'x'));
  const abandoned = await store.create(other);
  await abandoned.write(Buffer.from('half'));
  await abandoned.abandon();
  const found = await store.find(sha256);
  expect(found?.record).toEqual(record);
  expect((await contentOf(found?.data() ?? (async function* () {})())).equals(Buffer.alloc(300_000, 'x'))).toBe(true);
  expect(await store.find(other)).toBeNull();
  expect(readdirSync(join(cache, 'unpacked'))).toEqual([`${sha256}.json`, `${sha256}.tar.zst`]);
  expect(await unpackedUsage(cache)).toMatchObject({ packages: 1 });
});

test('what the disk has spoiled is found when it is read', async () => {
  const store = new UnpackedStore(cache);
  const sha256 = 'c'.repeat(64);
  await keep(store, sha256, Buffer.from(Array.from({ length: 9999 }, (_, at) => (at * 7919) % 251)));
  truncateSync(join(cache, 'unpacked', `${sha256}.tar.zst`), 40);
  const found = await store.find(sha256);
  await expectCode(contentOf(found?.data() ?? (async function* () {})()), 'MSP_PACKAGE_BROKEN');
});

test('the ones that were not used for longest go first when there are too many', async () => {
  const store = new UnpackedStore(cache);
  const [old, young] = ['d'.repeat(64), 'e'.repeat(64)];
  for (const sha256 of ['a'.repeat(64), 'c'.repeat(64)]) await store.remove(sha256);
  for (const sha256 of [old, young]) await keep(store, sha256, Buffer.from('content'));
  utimesSync(join(cache, 'unpacked', `${old}.json`), 1, 1);
  const { sizeBytes } = await unpackedUsage(cache);
  await store.trim(sizeBytes - 1);
  expect([await store.find(old), (await store.find(young)) !== null]).toEqual([null, true]);
});
