import { expect, test } from 'vitest';
import { downloadImage } from '../../../src/steps/download-image.ts';
import { fakeHost, testStep } from '../../../src/testing.ts';
import { digestOf, downloads, found, pulled, putDownload, tarText, url, urlNote } from './pull-fixture.ts';

const bigText = `${tarText}${' '.repeat(4 * 1024 * 1024)}`;
const badText = `xz tar damaged${' '.repeat(4 * 1024 * 1024)}`;
const host = fakeHost({ net: { [url]: tarText }, stdin: tarText });
const local = {
  ...({ kind: 'file', place: '/tmp/image', name: 'image', sizeBytes: tarText.length } as const),
  ...{ etag: null, lastModified: null, promised: null, arch: null, compression: null },
};
const input_ = { ...local, kind: 'stdin', place: '-', name: 'standard input', sizeBytes: null } as const;
const path = `${downloads}/${digestOf(tarText)}`;

testStep(
  downloadImage,
  {
    accepts: [
      {
        name: 'a file that was never fetched',
        input: { image: found(), limitRate: '5M', retries: 2, proxy: 'none' },
        host,
        output: pulled(),
        after: (world) => {
          expect(world.read(path)).toBe(tarText);
          expect(JSON.parse(world.read(urlNote()) ?? '')).toMatchObject({ url, sha256: digestOf(tarText) });
          expect([...world.listing().keys()].filter((name) => name.startsWith(`${downloads}/partial/`))).toEqual([]);
        },
      },
      {
        name: 'a file that is unpacked while it comes in',
        input: { image: { ...found(bigText), sizeBytes: bigText.length }, ahead: true },
        host: fakeHost({ net: { [url]: bigText } }),
        output: pulled(bigText),
      },
      {
        name: 'one that cannot be unpacked ahead',
        input: { image: found(badText), ahead: true },
        host: fakeHost({ net: { [url]: badText } }),
        output: pulled(badText),
      },
      {
        name: 'one that is in the cache',
        input: { image: found() },
        prepare: (world) => putDownload(world),
        output: pulled(),
      },
      {
        name: 'one that was damaged on the disk since then',
        input: { image: found() },
        prepare: (world) => {
          putDownload(world);
          world.put({ [path]: tarText.replace('ID=x', 'ID=y') });
        },
        host,
        output: pulled(),
        after: (world) => expect(world.read(path)).toBe(tarText),
      },
      {
        name: 'one that the server has changed',
        input: { image: found() },
        prepare: (world) => putDownload(world, 'xz tar {"old":"old"}'),
        host,
        output: pulled(),
      },
      {
        name: 'in spite of the cache',
        input: { image: found(), noCache: true, sha256: digestOf(tarText) },
        prepare: (world) => putDownload(world),
        host,
        output: pulled(),
      },
      {
        name: 'standard input; what a dead run left of its own goes',
        input: { image: input_ },
        prepare: (world) => {
          for (const name of ['stdin-dead', 'stdin-dead.json', 'stdin-alive', 'stdin-alive.json', 'f00d'])
            world.put({ [`${downloads}/partial/${name}`]: 'half' });
        },
        host: fakeHost({ stdin: tarText, busyLocks: ['stdin-alive'] }),
        output: { ...pulled(), kind: 'stdin', place: '-', url: null, name: 'standard input' },
        after: (world) =>
          expect(
            [...world.listing().keys()].filter((name) => name.startsWith(`${downloads}/partial/`)).toSorted(),
          ).toEqual(['f00d', 'stdin-alive', 'stdin-alive.json'].map((name) => `${downloads}/partial/${name}`)),
      },
    ],
    refuses: [{ name: 'half a digest', input: { image: found(), sha256: 'abc' }, at: 'sha256' }],
    fails: [
      { name: 'a rate of nothing', input: { image: found(), limitRate: '0' }, host, code: 'MSP_USAGE' },
      {
        name: 'another digest',
        input: { image: found(), sha256: 'a'.repeat(64) },
        host,
        code: 'MSP_DOWNLOAD_DIGEST',
        after: (world) => expect(world.has(path)).toBe(false),
      },
      {
        name: 'another digest than the index promised',
        input: { image: { ...found(), promised: 'b'.repeat(64) } },
        host,
        code: 'MSP_DOWNLOAD_DIGEST',
      },
      {
        name: 'another digest of a local file',
        input: { image: local, sha256: 'a'.repeat(64) },
        prepare: (world) => world.put({ '/tmp/image': tarText }),
        code: 'MSP_DOWNLOAD_DIGEST',
        after: (world) => expect(world.has('/tmp/image')).toBe(true),
      },
      {
        name: 'another digest of standard input',
        input: { image: input_, sha256: 'a'.repeat(64) },
        host,
        code: 'MSP_DOWNLOAD_DIGEST',
        after: (world) => expect(world.has(path)).toBe(false),
      },
      { name: 'too large', input: { image: found(), maxSize: '10' }, host, code: 'MSP_DOWNLOAD_TOO_LARGE' },
      { name: 'it is gone', input: { image: found() }, code: 'MSP_DOWNLOAD_NOT_FOUND' },
      { name: 'no size', input: { image: found(), limitRate: 'much' }, host, code: 'MSP_USAGE' },
    ],
    writes: [downloads],
  },
  test,
);
