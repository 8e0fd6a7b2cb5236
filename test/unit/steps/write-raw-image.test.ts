import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeRawImage } from '../../../src/steps/write-raw-image.ts';
import { fakeHost, prints, testStep, type Program, type World } from '../../../src/testing.ts';
import { digestOf, downloads, pulled, putDownload, rawText } from './pull-fixture.ts';

const qemuImg: Program = function* qemuImg({ args, world, complain }) {
  yield;
  const [command, ...more] = args;
  const paths = command === 'check' ? more.slice(-1) : more.slice(-2);
  const image = world.read(paths[0] ?? '') ?? '';
  if (command === 'check') {
    if (image.includes('cut')) complain('ERROR: counting reference for region exceeding the end of the file');
    return image.includes('cut') ? 2 : 3;
  }
  if (image.includes('huge')) complain('qemu-img: error while converting raw: Could not resize file: File too large');
  if (image.includes('huge')) return 1;
  writeFileSync(world.real(paths[1] ?? ''), 'converted');
  return 0;
};
const host = fakeHost({ programs: { sync: prints(), du: prints('512\t/x'), 'qemu-img': qemuImg } });
const machines = '/var/lib/machines';
const staging = `${machines}/.#machinespawn-box-<random 2>`;
const qcow2 = (backing: bigint, more = ''): string => {
  const header = Buffer.alloc(104);
  header.write('QFI\xfb', 'latin1');
  header.writeUInt32BE(3, 4);
  header.writeBigUInt64BE(backing, 8);
  return header.toString('latin1') + more;
};
const cut = qcow2(0n, 'cut');
/** A squashfs of more bytes than there are; the pretended archive is a text. */
const cutOff = `zstd raw hsqs${'a'.repeat(2500)}`;
const huge = qcow2(0n, 'huge');
const putQcow2 = (text: string) => (world: World) => world.put({ [pulled(text).path]: Buffer.from(text, 'latin1') });
const output = { staging, sizeBytes: 512, table: 'none' as const, partitions: [], arch: null };
const image = (text: string) => ({ image: pulled(text), name: 'box' });

testStep(
  writeRawImage,
  {
    accepts: [
      {
        name: 'a packed image',
        input: { ...image(rawText), compression: 'zstd', content: 'raw' },
        prepare: (world) => {
          putDownload(world, rawText);
          world.put({ [`${machines}/.#machinespawn-box-0123abcd/image`]: 'left by an attempt' });
        },
        host,
        output,
        after: (world, { staging: path }) => {
          expect(world.read(path)).toBe('disk');
          expect([...world.listing().keys()].filter((name) => name.startsWith(`${machines}/`))).toEqual([path]);
        },
      },
      {
        name: 'a qcow2 image',
        input: { ...image(qcow2(0n)), compression: 'none', content: 'qcow2' },
        prepare: putQcow2(qcow2(0n)),
        host,
        output,
        after: (world, { staging: path }) => expect(world.read(path)).toBe('converted'),
      },
    ],
    refuses: [
      { name: 'a bad name', input: { ...image(rawText), compression: 'none', content: 'raw', name: '_' }, at: 'name' },
    ],
    fails: [
      {
        name: 'a damaged image is not kept',
        input: { ...image('zstd damaged'), compression: 'zstd', content: 'raw' },
        prepare: (world) => putDownload(world, 'zstd damaged'),
        host,
        code: 'MSP_IMAGE_DAMAGED',
        after: (world) => expect(world.has(`${downloads}/${digestOf('zstd damaged')}`)).toBe(false),
      },
      {
        name: 'a qcow2 image that is cut off, which is not kept',
        input: { ...image(cut), compression: 'none', content: 'qcow2' },
        prepare: putQcow2(cut),
        host,
        code: 'MSP_IMAGE_DAMAGED',
        after: (world) => expect(world.has(pulled(cut).path)).toBe(false),
      },
      {
        name: 'a qcow2 image of a disk that is larger than a file can be',
        input: { ...image(huge), compression: 'none', content: 'qcow2' },
        prepare: putQcow2(huge),
        host,
        code: 'MSP_IMAGE_REFUSED',
        after: (world) => expect(world.has(pulled(huge).path)).toBe(true),
      },
      {
        name: 'a qcow2 image without qemu-img',
        input: { ...image(qcow2(0n)), compression: 'none', content: 'qcow2' },
        prepare: putQcow2(qcow2(0n)),
        host: fakeHost({ programs: { sync: prints(), du: prints('512\t/x') } }),
        code: 'MSP_TOOL_MISSING',
        after: (world) => expect(world.has(pulled(qcow2(0n)).path)).toBe(true),
      },
      {
        name: 'a layer upon a file of the host',
        input: { ...image(qcow2(512n)), compression: 'none', content: 'qcow2' },
        prepare: putQcow2(qcow2(512n)),
        host,
        code: 'MSP_IMAGE_REFUSED',
      },
      {
        name: 'a local file that was changed since it was verified',
        input: {
          ...image(rawText),
          image: { ...pulled(rawText), path: '/tmp/x', mtimeMs: 1 },
          compression: 'zstd',
          content: 'raw',
        },
        prepare: (world) => world.put({ '/tmp/x': rawText }),
        host,
        code: 'MSP_PULL_CHANGED',
        after: (world) => expect(world.read('/tmp/x')).toBe(rawText),
      },
      {
        name: 'a file system that is cut off, which is not kept',
        input: { ...image(cutOff), compression: 'zstd', content: 'raw' },
        prepare: (world) => putDownload(world, cutOff),
        host,
        code: 'MSP_IMAGE_DAMAGED',
        after: (world) => expect(world.has(`${downloads}/${digestOf(cutOff)}`)).toBe(false),
      },
      {
        name: 'another run prepares a machine of this name',
        input: { ...image(rawText), compression: 'zstd', content: 'raw' },
        prepare: (world) => {
          putDownload(world, rawText);
          world.put({ [`${machines}/.#machinespawn-box-0123abcd`]: 'of the other run' });
        },
        host: fakeHost({ busyLocks: ['making-box'] }),
        code: 'MSP_LOCK_BUSY',
        after: (world) => expect(world.has(`${machines}/.#machinespawn-box-0123abcd`)).toBe(true),
      },
      {
        name: 'a tar archive',
        input: { ...image(rawText), compression: 'none', content: 'tar' },
        host,
        code: 'MSP_IMAGE_REFUSED',
      },
    ],
    writes: [`${machines}/.#machinespawn-box-*`, downloads],
  },
  test,
);
