/** `images` without the engine: releases, how this host runs their architectures, and what is cached. */
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from './app-types.ts';
import { SystemFacts } from './host/facts.ts';
import { ResultFiles } from './host/result-store.ts';
import { archs, type Arch } from './model/arch.ts';
import { imageRows, type CachedImage, type ImageRow, type Runs } from './model/image-rows.ts';
import { releases } from './model/releases.ts';

export async function listImages(settings: Settings, environment: Readonly<Record<string, string | undefined>>): Promise<readonly ImageRow[]> {
  const facts = new SystemFacts({ environment, scratch: tmpdir() });
  const runs = await Promise.all(archs.map(async (arch): Promise<[Arch, Runs]> => {
    const found = await facts.canRun(arch).catch(() => null);
    return [arch, found === null || found.runs === 'no' ? null : found.runs];
  }));
  return imageRows({
    releases,
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
  const results = await new ResultFiles(join(settings.cacheDirectory, 'results')).recent('configure-base', 200).catch(() => []);
  return results.flatMap(({ key, outputs, createdAt }) => {
    const made = outputs as { image?: unknown; arch?: unknown; variant?: unknown; sizeBytes?: unknown };
    if (!sizes.has(key) || typeof made.image !== 'string' || typeof made.arch !== 'string') return [];
    const variant = typeof made.variant === 'string' ? made.variant : 'default';
    const sizeBytes = typeof made.sizeBytes === 'number' ? made.sizeBytes : (sizes.get(key) ?? null);
    return [{ image: made.image, arch: made.arch as Arch, variant, createdAt, sizeBytes }];
  });
}
