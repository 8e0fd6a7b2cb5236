/** `images` without the engine: releases, how this host runs their architectures, and what is cached. */
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from './app-types.ts';
import { SystemFacts } from './host/facts.ts';
import { ResultFiles, type StoredResult } from './host/result-store.ts';
import { archs, type Arch } from './model/arch.ts';
import { imageRows, type CachedImage, type ImageRow, type Runs } from './model/image-rows.ts';
import { currentReleases } from './model/releases.ts';

export async function listImages(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly ImageRow[]> {
  const facts = new SystemFacts({ environment, scratch: tmpdir() });
  const runs = await Promise.all(
    archs.map(async (arch): Promise<[Arch, Runs]> => {
      const found = await facts.canRun(arch).catch(() => null);
      return [arch, found === null || found.runs === 'no' ? null : found.runs];
    }),
  );
  return imageRows({
    releases: currentReleases().releases,
    host: facts.arch,
    runs: Object.fromEntries(runs) as Record<Arch, Runs>,
    cached: await cachedImages(settings),
    today: new Date().toISOString().slice(0, 10),
  });
}

/** Bases whose snapshot is in the store. */
async function cachedImages(settings: Settings): Promise<readonly CachedImage[]> {
  const place = join(settings.cacheDirectory, 'snapshots');
  const sizes = new Map<string, number>();
  for (const driver of await readdir(place).catch(() => [])) {
    for (const key of await readdir(join(place, driver)).catch(() => [])) {
      const meta = await readFile(join(place, driver, key, 'meta.json'), 'utf8').catch(() => null);
      const size = meta === null ? null : /"sizeBytes":\s*(\d+)/u.exec(meta)?.[1];
      if (meta !== null) sizes.set(key, Number(size ?? 0));
    }
  }
  const results = new ResultFiles(join(settings.cacheDirectory, 'results'));
  const bases = await results.recent('configure-base', 200).catch(() => []);
  const images = await Promise.all(bases.filter(({ key }) => sizes.has(key)).map((base) => imageOf(results, base)));
  return images.filter((image) => image !== null);
}

/** A base knows only its tree; what it was made from stands with the first stage. */
async function imageOf(results: ResultFiles, base: StoredResult): Promise<CachedImage | null> {
  const from = await originOf(results, base);
  const asked = from?.identity as { codename?: string; arch?: Arch; variant?: string } | undefined;
  const release = currentReleases().byCodename.get(asked?.codename ?? '');
  if (release === undefined || asked?.arch === undefined) return null;
  const { sizeBytes } = base.outputs as { sizeBytes?: number };
  const { createdAt } = base;
  return {
    image: release.image,
    arch: asked.arch,
    variant: asked.variant ?? 'default',
    createdAt,
    sizeBytes: sizeBytes ?? null,
  };
}

/** The result that names release and variant, by whichever way the base was made. */
async function originOf(results: ResultFiles, base: StoredResult): Promise<StoredResult | null> {
  const get = async (type: string, tree: string | null): Promise<StoredResult | null> =>
    tree === null ? null : await results.get(type, tree).catch(() => null);
  const tree = treeOf(base.identity);
  const fast = await get('configure-packages', tree);
  if (fast !== null) {
    const { selection } = fast.identity as { selection?: string };
    const selects = await results.recent('select-packages', 200).catch(() => []);
    return selects.find(({ outputs }) => (outputs as { selection?: string }).selection === selection) ?? null;
  }
  const second = await get('bootstrap-second-stage', tree);
  return second === null
    ? await get('bootstrap-mmdebstrap', tree)
    : await get('bootstrap-first-stage', treeOf(second.identity));
}

function treeOf(identity: unknown): string | null {
  const { tree } = (identity ?? {}) as { tree?: unknown };
  return typeof tree === 'string' ? tree.replace(/^tree:/u, '') : null;
}
