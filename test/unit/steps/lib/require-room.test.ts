import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HostFiles } from '../../../../src/host/files.ts';
import type { ArchiveForm } from '../../../../src/model/archive-form.ts';
import { requireRoom } from '../../../../src/steps/lib/require-room.ts';
import { expectCode, runPlainly, scratchDirectory } from '../../host/scratch.ts';

const scratch = scratchDirectory();
const files = new HostFiles(runPlainly);
const places = { directories: { cache: '/proc' }, machines: { directory: scratch }, files };
const raw: ArchiveForm = { compression: 'none', content: 'raw' };
const tar: ArchiveForm = { compression: 'none', content: 'tar' };
const TiB = 2 ** 40;

test('a local disk of many TiB that is mostly holes needs no more than it uses, and nothing in the cache', async () => {
  const place = join(scratch, 'disk');
  writeFileSync(place, 'x');
  truncateSync(place, 8 * TiB);
  // There is no room at all in /proc.
  expect(await files.freeBytes('/proc')).toBe(0);
  await requireRoom(places, { kind: 'file', place, sizeBytes: 8 * TiB }, raw);
});

test('what is fetched, and the tree of a tar, are in the cache', async () => {
  const place = join(scratch, 'file');
  writeFileSync(place, Buffer.alloc(65_536, 'x'), { flush: true });
  const noRoom = async (kind: 'http' | 'file', form: ArchiveForm) =>
    (await expectCode(requireRoom(places, { kind, place, sizeBytes: 65_536 }, form), 'MSP_SPACE_LOW')).message;
  for (const [kind, form] of [
    ['http', raw],
    ['http', tar],
    ['file', tar],
  ] as const)
    expect(await noRoom(kind, form)).toContain('at /proc');
  await requireRoom(places, { kind: 'file', place, sizeBytes: 65_536 }, raw);
  const most = { kind: 'http', place: 'http://h/x', sizeBytes: 2 ** 52 } as const;
  await expectCode(requireRoom({ ...places, directories: { cache: scratch } }, most, raw), 'MSP_SPACE_LOW');
  await requireRoom(places, { kind: 'stdin', place: '-', sizeBytes: null }, null);
});
