/** Files that steps made: as items of the cache, and where a person gets them. */
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactStore } from './host/artifact-store.ts';
import { writeWhole } from './host/durable.ts';
import { unwritable } from './host/file-error.ts';
import type { CacheItem } from './host/services.ts';
import type { Json } from './engine/step.ts';
import { sizeOfFiles } from './host/size-of-files.ts';
import { artifactRef, artifactsIn, digestOfArtifact, isArtifact, type ArtifactFile } from './model/artifact.ts';

const sumsName = 'SHA256SUMS';

/** `used`: digests that an unfinished run may need. */
export async function artifactItems(
  store: ArtifactStore,
  used: ReadonlySet<string>,
  isRunning: (pending: string) => boolean,
): Promise<readonly CacheItem[]> {
  const unfinished = await Promise.all(
    (await store.pending()).map(async (id): Promise<CacheItem> => {
      const path = store.pendingPlace(id);
      const sizeBytes = await sizeOfFiles(path);
      const text = 'unfinished files of a step';
      const about = { kind: 'artifact', image: null, createdAt: null } as const;
      return { ...about, id: `${unfinishedPrefix}${id}`, path, sizeBytes, text, inUse: isRunning(id) };
    }),
  );
  const kept = await store.list();
  const finished = kept.map(({ ref, sizeBytes, keptAt }): CacheItem => {
    const id = digestOfArtifact(ref) ?? ref;
    const path = store.pathOf(ref);
    const text = 'a file that a step made';
    return { kind: 'artifact', id, path, sizeBytes, createdAt: keptAt, text, image: null, inUse: used.has(id) };
  });
  return [...finished, ...unfinished];
}

const unfinishedPrefix = 'pending/';

/** Removes what `artifactItems` gave. */
export async function removeArtifact(store: ArtifactStore, { id, path }: CacheItem): Promise<void> {
  if (id.startsWith(unfinishedPrefix)) await rm(path, { recursive: true, force: true });
  else await store.remove(artifactRef(id));
}

export interface ExportedFile {
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export type Owner = { readonly uid: number; readonly gid: number } | null;

/**
 * Puts the files that a run gives into a directory, with SHA256SUMS beside them unless it gives one itself. Those of a matrix go into a directory
 * for each cell; two of one name go into directories named by the output. Each appears whole or not at all.
 */
export async function exportArtifacts(
  store: ArtifactStore,
  outputs: Readonly<Record<string, Json>>,
  directory: string,
  owner: Owner,
): Promise<readonly ExportedFile[]> {
  const placed = place(outputs);
  if (placed.size === 0) return [];
  const exported: ExportedFile[] = [];
  for (const [name, { artifact, sizeBytes, sha256 }] of placed) {
    const path = join(directory, name);
    await makeDirectory(dirname(path), owner);
    await store.copyTo(artifact, path, owner);
    exported.push({ path, sizeBytes, sha256 });
  }
  // The run's own list of digests: its signature would be wrong for another one.
  if (placed.has(sumsName)) return exported;
  const sums = [...placed].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, { sha256 }]) => `${sha256}  ${name}\n`);
  const path = join(directory, sumsName);
  try {
    await writeWhole(path, sums.join(''), { mode: 0o644, durable: true });
    if (owner !== null) await giveTo(path, owner);
  } catch (error) {
    throw unwritable(path, error);
  }
  return exported;
}

/** Name below the directory -> file. */
function place(outputs: Readonly<Record<string, Json>>): ReadonlyMap<string, ArtifactFile> {
  const wished = Object.entries(outputs).flatMap(([output, value]) =>
    groupsOf(value).flatMap(({ cell, file }) => ({ output, file, name: join(cell, file.name) })),
  );
  const placed = new Map<string, ArtifactFile>();
  for (const { output, file, name } of wished) {
    const isTaken = wished.some((other) => other.name === name && other.file.sha256 !== file.sha256);
    placed.set(isTaken ? join(output, name) : name, file);
  }
  return placed;
}

/** A map of artifacts is one output of all cells. */
function groupsOf(value: Json): readonly { readonly cell: string; readonly file: ArtifactFile }[] {
  if (typeof value !== 'object' || value === null || isArtifact(value) || Array.isArray(value))
    return artifactsIn(value).map((file) => ({ cell: '', file }));
  return Object.entries(value).flatMap(([cell, inner]) => artifactsIn(inner).map((file) => ({ cell, file })));
}

async function makeDirectory(path: string, owner: Owner): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o755 });
    if (first === undefined || owner === null) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) await giveTo(made, owner);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** By descriptor: what has been put in its place meanwhile is not given away. Throws what node:fs throws. */
export async function giveTo(path: string, { uid, gid }: NonNullable<Owner>): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.chown(uid, gid);
  } finally {
    await handle.close();
  }
}
