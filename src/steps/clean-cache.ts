/** Frees space: removes what was kept to save work, never what something still needs. */
import { dirname } from 'node:path';
import { z } from 'zod';
import type { CacheItem } from '../host/services.ts';
import { parseDuration } from '../model/duration.ts';
import { parseImageSpec } from '../model/image-spec.ts';
import { defineStep } from './define-step.ts';

const kindsOf = {
  bootstrap: ['snapshot', 'result', 'artifact'],
  packages: ['package', 'unpacked'],
  downloads: ['download'],
  runs: ['run'],
} as const satisfies Readonly<Record<string, readonly CacheItem['kind'][]>>;
/** A run's history is not what fills a disk, so it goes only when asked for. */
const usualKinds = ['bootstrap', 'packages', 'downloads'] as const;

const input = z.strictObject({
  images: z.array(z.string()).default([]).describe('Only what belongs to these images; none for all'),
  kinds: z
    .array(z.enum(['bootstrap', 'packages', 'downloads', 'runs']))
    .default([])
    .describe('What to remove; none for all but runs'),
  olderThan: z.string().default('').describe("Only what is older than this, such as 30d; '' for any age"),
  keep: z.number().int().min(0).default(0).describe('How many to keep of each kind and image, the newest'),
});
type Input = z.output<typeof input>;

export const cleanCache = defineStep({
  id: 'clean-cache',
  summary: 'Remove what is kept to save work',
  version: 1,
  input,
  output: z.strictObject({
    freedBytes: z.number().describe('Space that was freed'),
    removed: z
      .array(z.strictObject({ kind: z.string(), path: z.string(), sizeBytes: z.number(), count: z.number() }))
      .describe('What is gone; packages and results of one directory are one entry'),
  }),
  reuse: 'never',
  needs: { root: true },
  describe: ({ freedBytes, removed }) =>
    `${removed.reduce((sum, { count }) => sum + count, 0)} removed, ${Math.round(freedBytes / 1048576)} MiB freed`,

  async run({ services, input }) {
    const isMeant = filterOf(input, services.facts.nowMs());
    const removed: CacheItem[] = [];
    // A snapshot that others build on is in use until they are gone.
    for (;;) {
      const meant = withoutNewest(
        (await services.keeper.items()).filter((item) => isMeant(item)),
        input.keep,
      ).filter((item) => !item.inUse);
      const gone = meant.length === 0 ? [] : await services.keeper.remove(meant);
      if (gone.length === 0) break;
      removed.push(...gone);
    }
    return { freedBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), removed: summarize(removed) };
  },
});

function filterOf(input: Input, nowMs: number): (item: CacheItem) => boolean {
  const kinds = new Set<string>((input.kinds.length === 0 ? usualKinds : input.kinds).flatMap((kind) => kindsOf[kind]));
  const images = new Set(input.images.map((spelling) => parseImageSpec(spelling).image));
  const before = input.olderThan === '' ? Number.POSITIVE_INFINITY : nowMs - parseDuration(input.olderThan);
  return ({ kind, image, createdAt }) =>
    kinds.has(kind) &&
    (images.size === 0 || (image !== null && images.has(image))) &&
    (createdAt === null ? before === Number.POSITIVE_INFINITY : Date.parse(createdAt) < before);
}

function withoutNewest(items: readonly CacheItem[], keep: number): readonly CacheItem[] {
  if (keep === 0) return items;
  const groups = Map.groupBy(items, ({ kind, image }) => `${kind} ${image ?? ''}`);
  return [...groups.values()].flatMap((group) =>
    group.toSorted((one, other) => (other.createdAt ?? '').localeCompare(one.createdAt ?? '')).slice(keep),
  );
}

function summarize(items: readonly CacheItem[]) {
  const groups = Map.groupBy(
    items,
    ({ kind, path }) => `${kind} ${kind === 'package' || kind === 'result' ? dirname(path) : path}`,
  );
  return [...groups.values()].map((group) => ({
    kind: group[0]?.kind ?? '',
    path: group.length === 1 ? (group[0]?.path ?? '') : dirname(group[0]?.path ?? ''),
    sizeBytes: group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    count: group.length,
  }));
}
