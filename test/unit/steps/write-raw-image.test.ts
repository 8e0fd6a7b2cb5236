import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeRawImage } from '../../../src/steps/write-raw-image.ts';
import { fakeHost, prints, testStep, type Program } from '../../../src/testing.ts';
import { digestOf, downloads, pulled, putDownload, rawText } from './pull-fixture.ts';

const convert: Program = function* convert({ args, world }) {
  yield;
  writeFileSync(world.real(args.at(-1) ?? ''), 'converted');
};
const host = fakeHost({ programs: { sync: prints(), du: prints('512\t/x'), 'qemu-img': convert } });
const machines = '/var/lib/machines';
const staging = `${machines}/.#machinespawn-box-<random 2>`;
const qcow2 = (backing: bigint): string => {
  const header = Buffer.alloc(104);
  header.write('QFI\xfb', 'latin1');
  header.writeUInt32BE(3, 4);
  header.writeBigUInt64BE(backing, 8);
  return header.toString('latin1');
};
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
        prepare: (world) => world.put({ [pulled(qcow2(0n)).path]: Buffer.from(qcow2(0n), 'latin1') }),
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
        name: 'a layer upon a file of the host',
        input: { ...image(qcow2(512n)), compression: 'none', content: 'qcow2' },
        prepare: (world) => world.put({ [pulled(qcow2(512n)).path]: Buffer.from(qcow2(512n), 'latin1') }),
        host,
        code: 'MSP_IMAGE_REFUSED',
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
