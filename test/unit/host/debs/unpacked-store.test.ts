import { readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { UnpackedStore, unpackedUsage } from '../../../../src/host/debs/unpacked-store.ts';
import { scratchDirectory } from '../scratch.ts';

const cache = scratchDirectory();
const record = {
  controlFiles: [{ name: 'control', mode: 0o644, mtime: 7, content: Buffer.from([0, 255]) }],
  directories: { '/usr': { mode: 0o2775, uid: 0, gid: 50 } },
  ...{ paths: ['/.', '/usr/', '/usr/x'], conffiles: { '/usr/x': 'd41d8' }, sizeBytes: 3 },
};

async function keep(store: UnpackedStore, sha256: string, bytes: Buffer): Promise<void> {
  await store.prepare();
  const keeper = store.create(sha256);
  writeFileSync(keeper.path, bytes);
  await keeper.commit(record, crc32(bytes));
}

test('what is kept comes back as it was, and what was abandoned does not', async () => {
  const store = new UnpackedStore(cache);
  const [sha256, other] = ['a'.repeat(64), 'b'.repeat(64)];
  await keep(store, sha256, Buffer.alloc(300_000, 'x'));
  const abandoned = store.create(other);
  for (const ending of ['', '-control', '.xz']) writeFileSync(`${abandoned.path}${ending}`, 'half');
  const found = await store.find(sha256);
  expect(found?.record).toEqual(record);
  expect(await found?.isSound()).toBe(true);
  expect(readFileSync(found?.file ?? '').equals(Buffer.alloc(300_000, 'x'))).toBe(true);
  expect(await store.find(other)).toBeNull();
  expect(await unpackedUsage(cache)).toMatchObject({ packages: 1 });
  // It may be another process's, so it stays for a while.
  await store.trim();
  expect(readdirSync(store.directory)).toHaveLength(5);
  for (const ending of ['', '-control', '.xz']) utimesSync(`${abandoned.path}${ending}`, 1, 1);
  await store.trim();
  expect(readdirSync(store.directory)).toEqual([`${sha256}.json`, `${sha256}.tar`]);
});

test('what the disk has spoiled is found when it is read', async () => {
  const store = new UnpackedStore(cache);
  const sha256 = 'c'.repeat(64);
  const bytes = Buffer.from(Array.from({ length: 999_999 }, (_, at) => (at * 7919) % 251));
  const path = join(cache, 'unpacked', `${sha256}.tar`);
  await keep(store, sha256, bytes);
  truncateSync(path, 40);
  expect(await (await store.find(sha256))?.isSound()).toBe(false);
  bytes.writeUInt8(255, 700_000);
  writeFileSync(path, bytes);
  expect(await (await store.find(sha256))?.isSound()).toBe(false);
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
