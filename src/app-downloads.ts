/** The cache of downloads, as clean-cache sees it: whole files by their digest, and what is on its way. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheItem } from './host/services.ts';

/** `used`: digests that an unfinished run names. `isBusy`: is a process at work on that run? */
export async function downloadItems(
  place: string,
  used: ReadonlySet<string>,
  isBusy: (runId: string) => Promise<boolean>,
): Promise<readonly CacheItem[]> {
  const urls = await addresses(place);
  const whole = (await readdir(place).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/u.test(name));
  const begun = (await readdir(join(place, 'partial')).catch(() => [])).filter((name) => !name.endsWith('.json'));
  const items = await Promise.all([
    ...whole.map((id) => itemOf(join(place, id), id, urls.get(id) ?? 'an image from standard input', used.has(id))),
    // Whether somebody writes to it just now cannot be told; then it is begun anew.
    ...begun.map(async (id) => {
      // What came in through standard input is gone with its run, although that could be gone on with.
      const [, runId] = /^stdin-(.+)$/u.exec(id) ?? [];
      const inUse = runId === undefined ? used.size > 0 : await isBusy(runId);
      return await itemOf(join(place, 'partial', id), `partial-${id}`, 'a download that was cut off', inUse);
    }),
  ]);
  return items.filter((item) => item !== null);
}

async function itemOf(path: string, id: string, text: string, inUse: boolean): Promise<CacheItem | null> {
  const stats = await stat(path).catch(() => null);
  if (stats === null) return null;
  const createdAt = new Date(stats.mtimeMs).toISOString();
  return { kind: 'download', id, path, sizeBytes: stats.size, createdAt, text, image: null, inUse };
}

/** What each file was fetched from. */
async function addresses(place: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(join(place, 'urls')).catch(() => []);
  const notes = await Promise.all(names.map((name) => readFile(join(place, 'urls', name), 'utf8').catch(() => '')));
  return new Map(
    notes.flatMap((text): (readonly [string, string])[] => {
      const [, digest] = /"sha256":"([0-9a-f]{64})"/u.exec(text) ?? [];
      const [, url] = /"url":"([^"]*)"/u.exec(text) ?? [];
      return digest === undefined || url === undefined ? [] : [[digest, url]];
    }),
  );
}
