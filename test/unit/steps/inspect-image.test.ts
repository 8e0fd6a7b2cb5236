import { expect, test } from 'vitest';
import { inspectImage } from '../../../src/steps/inspect-image.ts';
import { testStep } from '../../../src/testing.ts';
import { pulled, putDownload, rawText, tarText } from './pull-fixture.ts';

const page = '<html>';

testStep(
  inspectImage,
  {
    accepts: [
      {
        name: 'a tar archive',
        input: { image: pulled(), wanted: 'tar' },
        prepare: (world) => putDownload(world),
        output: { compression: 'xz', content: 'tar' },
      },
      {
        name: 'a disk image',
        input: { image: pulled(rawText) },
        prepare: (world) => putDownload(world, rawText),
        output: { compression: 'zstd', content: 'raw' },
      },
    ],
    fails: [
      {
        name: 'the other kind',
        input: { image: pulled(), wanted: 'raw' },
        prepare: (world) => putDownload(world),
        code: 'MSP_PULL_KIND',
        after: (world) => expect(world.read(pulled().path)).toBe(tarText),
      },
      {
        name: 'a page, which is not kept',
        input: { image: pulled(page) },
        prepare: (world) => putDownload(world, page),
        code: 'MSP_PULL_KIND',
        after: (world) => expect(world.has(pulled(page).path)).toBe(false),
      },
      { name: 'nothing', input: { image: pulled() }, code: 'MSP_FILE_UNREADABLE' },
    ],
    writes: ['/var/cache/machinespawn/downloads'],
  },
  test,
);
