import { expect, test } from 'vitest';
import type { CacheItem } from '../../../src/host/services.ts';
import { cleanCache } from '../../../src/steps/clean-cache.ts';
import { fakeHost, testStep, type World } from '../../../src/testing.ts';

const cache = '/var/cache/machinespawn';
const item = (kind: CacheItem['kind'], id: string, more: Partial<CacheItem> & { neededBy?: string } = {}) => ({
  kind,
  id,
  path: `${cache}/${kind}s/${id}`,
  sizeBytes: 100,
  createdAt: '2026-11-01T00:00:00Z',
  text: id,
  image: null,
  inUse: false,
  ...more,
});
const items = [
  item('snapshot', 'base', { image: 'debian-12', createdAt: '2026-11-20T00:00:00Z' }),
  item('snapshot', 'stage', { image: 'debian-12', neededBy: 'base' }),
  item('snapshot', 'busy', { image: 'debian-13', inUse: true }),
  item('package', 'bash.deb'),
  item('package', 'dpkg.deb'),
  item('run', 'r1'),
];
const host = fakeHost({ cache: items });
const prepare = (world: World): void => world.put(Object.fromEntries(items.map(({ path }) => [path, 'x'])));
const left = (world: World): string[] => items.filter(({ path }) => world.has(path)).map(({ id }) => id);
const usual = { prepare, host, whenDone: 'other output' } as const;
const entry = (kind: string, id: string) => ({ kind, path: `${cache}/${kind}s/${id}`, sizeBytes: 100, count: 1 });

testStep(
  cleanCache,
  {
    accepts: [
      {
        name: 'everything that can be made again',
        input: {},
        ...usual,
        output: {
          freedBytes: 400,
          removed: [
            entry('snapshot', 'base'),
            { kind: 'package', path: `${cache}/packages`, sizeBytes: 200, count: 2 },
            entry('snapshot', 'stage'),
          ],
        },
        after: (world) => expect(left(world)).toEqual(['busy', 'r1']),
      },
      {
        name: 'an image',
        input: { images: ['bookworm'] },
        ...usual,
        output: { freedBytes: 200, removed: [entry('snapshot', 'base'), entry('snapshot', 'stage')] },
      },
      {
        name: 'runs',
        input: { kinds: ['runs'] },
        ...usual,
        output: { freedBytes: 100, removed: [entry('run', 'r1')] },
      },
      {
        name: 'what is old',
        input: { olderThan: '7d', kinds: ['bootstrap', 'runs'] },
        ...usual,
        output: { freedBytes: 100, removed: [entry('run', 'r1')] },
        after: (world) => expect(left(world)).toEqual(['base', 'stage', 'busy', 'bash.deb', 'dpkg.deb']),
      },
      {
        name: 'all but the newest',
        input: { keep: 1, kinds: ['packages'] },
        ...usual,
        output: { freedBytes: 100, removed: [entry('package', 'dpkg.deb')] },
      },
      { name: 'an empty cache', input: {}, output: { freedBytes: 0, removed: [] } },
    ],
    refuses: [
      { name: 'a kind that there is not', input: { kinds: ['snapshots'] }, at: 'kinds.0' },
      { name: 'less than nothing', input: { keep: -1 }, at: 'keep' },
    ],
    fails: [
      {
        name: 'an image that there is not',
        input: { images: ['debian-99'] },
        prepare,
        host,
        code: 'MSP_IMAGE_UNKNOWN',
      },
      { name: 'a span that is none', input: { olderThan: 'long' }, prepare, host, code: 'MSP_USAGE' },
    ],
    writes: [`${cache}/*`],
  },
  test,
);
