/** What is kept to save work: snapshots, packages, runs; and what of it may go. */
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadItems } from './app-downloads.ts';
import { artifactItems, removeArtifact } from './app-artifacts.ts';
import type { Settings } from './app-types.ts';
import type { Plan } from './engine/plan.ts';
import { isResumable, viewRun, type RunView } from './engine/run-summary.ts';
import type { StepRegistry } from './engine/step-registry.ts';
import type { Json } from './engine/step.ts';
import type { ArtifactStore } from './host/artifact-store.ts';
import type { Exec } from './host/exec.ts';
import type { KernelLocks } from './host/locks.ts';
import { unpackedDirectory, unpackedUsage } from './host/debs/unpacked-store.ts';
import { removeTree } from './host/remove-tree.ts';
import type { ResultFiles, StoredResult } from './host/result-store.ts';
import type { RunDirectories } from './host/run-store.ts';
import type { CacheItem, Keeper, StepServices } from './host/services.ts';
import { sizeOfFiles } from './host/size-of-files.ts';
import type { SnapshotStore } from './snapshots/snapshot-store.ts';

interface Parts {
  readonly settings: Settings;
  readonly runs: RunDirectories;
  readonly results: ResultFiles;
  readonly artifacts: ArtifactStore;
  readonly locks: KernelLocks;
  readonly registry: StepRegistry<StepServices>;
  readonly exec: Exec;
  openSnapshots(): Promise<SnapshotStore>;
}

const treeForm = /tree:([0-9a-f]{64})/gu;
const keyForm = /[0-9a-f]{64}/gu;
const never = new AbortController().signal;
/** Steps that work on lists of packages, .deb files, or what was unpacked from them. */
const packageSteps: ReadonlySet<string> = new Set([
  ...['bootstrap', 'select-packages', 'fetch-packages', 'unpack-packages', 'configure-packages'],
  ...['bootstrap-first-stage', 'bootstrap-second-stage', 'bootstrap-mmdebstrap', 'apt'],
]);

export class AppKeeper implements Keeper {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async items(): Promise<readonly CacheItem[]> {
    const views = await this.#views();
    const isBusy = async (runId: string): Promise<boolean> => await this.#parts.runs.isBusy(runId);
    const isOpen = (pending: string): boolean =>
      views.some(({ id, status }) => status === 'running' && pending.startsWith(`${id}.`));
    // It may be between two steps that need packages, or in one that reads them.
    const isAnyRunning = views.some(({ status, plan }) => status === 'running' && needsPackages(plan));
    const packages = [await this.#packages(), await this.#unpacked(), await this.#lists()].flat();
    const groups = [
      await this.#snapshots(views),
      await artifactItems(this.#parts.artifacts, usedKeys(views), isOpen),
      packages.map((item) => ({ ...item, inUse: item.inUse || isAnyRunning })),
      await downloadItems(join(this.#parts.settings.cacheDirectory, 'downloads'), usedKeys(views), isBusy),
      await Promise.all(views.map(runItem)),
    ];
    return groups.flat();
  }

  async remove(asked: readonly CacheItem[]): Promise<readonly CacheItem[]> {
    const ids = new Set(asked.map((item) => `${item.kind}:${item.id}`));
    const items = (await this.items()).filter((item) => ids.has(`${item.kind}:${item.id}`) && !item.inUse);
    const removed: CacheItem[] = [];
    const snapshots = items.filter((item) => item.kind === 'snapshot');
    if (snapshots.length > 0) removed.push(...(await this.#removeSnapshots(snapshots)));
    for (const item of items) {
      if (item.kind === 'run') {
        await this.#parts.runs.remove(item.id);
        removed.push(item);
      } else if (item.kind === 'download') {
        for (const path of [item.path, `${item.path}.json`]) await rm(path, { force: true });
        removed.push(item);
      } else if (item.kind === 'artifact') {
        await removeArtifact(this.#parts.artifacts, item);
        removed.push(item);
      } else if (item.kind === 'package') {
        const lock = await this.#parts.locks.tryAcquire(`packages-${item.id}`);
        if (lock === null) continue;
        await removeTree((command) => this.#parts.exec.run(command, { signal: never }), item.path);
        lock.release();
        removed.push(item);
      } else if (item.kind === 'unpacked') {
        await removeTree((command) => this.#parts.exec.run(command, { signal: never }), item.path);
        removed.push(item);
      }
    }
    return removed;
  }

  async #views(): Promise<readonly RunView[]> {
    const { runs } = this.#parts;
    const views = await Promise.all(
      (await runs.list()).map(async (id) => {
        const files = await runs.open(id).catch(() => null);
        return files === null ? null : viewRun(files, () => runs.isBusy(id));
      }),
    );
    return views.filter((view) => view !== null);
  }

  async #snapshots(views: readonly RunView[]): Promise<readonly CacheItem[]> {
    const store = await this.#parts.openSnapshots();
    const infos = await store.list();
    const results = await this.#resultsByTree();
    const used = usedKeys(views);
    const parents = new Map(infos.map((info) => [info.key, info.parent]));
    for (const key of used) {
      for (let parent = parents.get(key); typeof parent === 'string' && !used.has(parent); parent = parents.get(parent))
        used.add(parent);
    }
    return infos.map((info) => {
      const { image, text } = describeTree(info.key, results);
      const path = join(this.#parts.settings.cacheDirectory, 'snapshots', store.driver, info.key);
      return {
        kind: 'snapshot',
        id: info.key,
        path,
        sizeBytes: info.sizeBytes,
        createdAt: info.createdAt,
        text,
        image,
        inUse: used.has(info.key),
      };
    });
  }

  async #removeSnapshots(items: readonly CacheItem[]): Promise<readonly CacheItem[]> {
    const store = await this.#parts.openSnapshots();
    const going = new Set(items.map((item) => item.id));
    const staying = (await store.list()).map((info) => info.key).filter((key) => !going.has(key));
    // Asked again at the last moment: a run may have begun in between.
    const { removed } = await store.gc(new Set([...staying, ...usedKeys(await this.#views())]));
    const gone = new Set(removed.map((info) => info.key));
    for (const result of (await this.#resultsByTree()).values()) {
      const trees = [...JSON.stringify(result.outputs).matchAll(treeForm)].map(([, key]) => key as string);
      if (trees.some((key) => gone.has(key))) await this.#parts.results.remove(result.type, result.key);
    }
    return items.filter((item) => gone.has(item.id));
  }

  async #resultsByTree(): Promise<Map<string, StoredResult>> {
    const found = new Map<string, StoredResult>();
    for (const type of this.#parts.registry.ids()) {
      for (const result of await this.#parts.results.recent(type, Number.MAX_SAFE_INTEGER)) {
        for (const [, key] of JSON.stringify(result.outputs).matchAll(treeForm))
          if (key === result.key) found.set(key, result);
        // Trees that were unpacked from a selection know no more than its digest.
        const selection = selectionOf(result.outputs);
        if (result.type === 'select-packages' && selection !== null) found.set(selection, result);
      }
    }
    return found;
  }

  /** One item for all. */
  async #unpacked(): Promise<readonly CacheItem[]> {
    const { cacheDirectory } = this.#parts.settings;
    const { packages, sizeBytes, usedMs } = await unpackedUsage(cacheDirectory);
    if (packages === 0) return [];
    const text = `${packages} packages, kept unpacked`;
    const createdAt = new Date(usedMs).toISOString();
    const path = unpackedDirectory(cacheDirectory);
    return [{ kind: 'unpacked', id: 'unpacked', path, sizeBytes, createdAt, text, image: null, inUse: false }];
  }

  /** What select-packages keeps. */
  async #lists(): Promise<readonly CacheItem[]> {
    const path = join(this.#parts.settings.cacheDirectory, 'lists');
    const stats = await lstat(path).catch(() => null);
    if (stats === null) return [];
    return [
      {
        kind: 'package',
        id: 'lists',
        path,
        sizeBytes: await sizeOfFiles(path),
        createdAt: stats.mtime.toISOString(),
        text: 'lists of packages',
        image: null,
        inUse: false,
      },
    ];
  }

  /** One item for each distribution's folder. */
  async #packages(): Promise<readonly CacheItem[]> {
    const place = join(this.#parts.settings.cacheDirectory, 'packages');
    const items: CacheItem[] = [];
    for (const id of await readdir(place).catch(() => [])) {
      const path = join(place, id);
      const kept = (await readdir(join(path, '.sha256')).catch(() => [])).map((name) => join('.sha256', name));
      const names = (await readdir(path).catch(() => [])).filter((name) => name.endsWith('.deb'));
      const found = await Promise.all(
        [...names, ...kept].map(async (name) => await stat(join(path, name)).catch(() => null)),
      );
      // Most have two names.
      const stats = [...new Map(found.flatMap((one) => (one === null ? [] : [[one.ino, one] as const]))).values()];
      const sizeBytes = stats.reduce((sum, { size }) => sum + size, 0);
      const newest = Math.max(0, ...stats.map(({ mtimeMs }) => mtimeMs));
      const lock = await this.#parts.locks.tryAcquire(`packages-${id}`).catch(() => null);
      lock?.release();
      const createdAt = newest === 0 ? null : new Date(newest).toISOString();
      items.push({
        kind: 'package',
        id,
        path,
        sizeBytes,
        createdAt,
        text: `${stats.length} packages of ${id}`,
        image: null,
        inUse: lock === null,
      });
    }
    return items;
  }
}

function needsPackages(plan: Plan | null): boolean {
  return plan === null || plan.steps.some(({ uses }) => packageSteps.has(uses));
}

/** Trees that an unfinished run may need, made or about to be made. */
function usedKeys(views: readonly RunView[]): Set<string> {
  const used = new Set<string>();
  for (const view of views) {
    if (view.status !== 'running' && !isResumable(view)) continue;
    for (const entry of view.entries) {
      if (entry.type !== 'START' && entry.type !== 'DONE' && entry.type !== 'CACHED') continue;
      for (const [key] of JSON.stringify(entry).matchAll(keyForm)) used.add(key);
    }
  }
  return used;
}

function describeTree(key: string, results: ReadonlyMap<string, StoredResult>): { image: string | null; text: string } {
  const result = results.get(key);
  if (result === undefined) return { image: null, text: 'no result refers to it any more' };
  const facts = factsOf(result.identity);
  if (facts.codename !== null) {
    const image = facts.distro === null ? facts.codename : `${facts.distro}-${facts.codename}`;
    return { image, text: `${image} ${[facts.arch, facts.variant].filter(Boolean).join(' ')}, ${result.type}` };
  }
  const [, tree] = /tree:([0-9a-f]{64})/u.exec(JSON.stringify(result.identity)) ?? [];
  const parent = selectionOf(result.identity) ?? tree;
  if (parent === undefined) return { image: null, text: result.type };
  const of = describeTree(parent, results);
  return { image: of.image, text: `${of.text.split(',')[0]}, ${result.type}` };
}

function selectionOf(value: Json): string | null {
  const { selection } = (value ?? {}) as { selection?: Json };
  return typeof selection === 'string' ? selection : null;
}

function factsOf(identity: Json): Record<'distro' | 'codename' | 'arch' | 'variant', string | null> {
  const flat: Record<string, unknown> = {};
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'string') flat[name] ??= inner;
      else walk(inner);
    }
  };
  walk(identity);
  const text = (name: string): string | null => (typeof flat[name] === 'string' ? flat[name] : null);
  return { distro: text('distro'), codename: text('codename'), arch: text('arch'), variant: text('variant') };
}

async function runItem(view: RunView): Promise<CacheItem> {
  const plan: Plan | null = view.plan;
  const target = typeof plan?.inputs['name'] === 'string' ? ` ${plan.inputs['name']}` : '';
  const createdAt = view.record?.startedAt ?? null;
  return {
    kind: 'run',
    id: view.id,
    path: view.directory,
    sizeBytes: await sizeOfFiles(view.directory),
    createdAt: createdAt === null ? null : new Date(createdAt).toISOString(),
    text: `${plan?.pipeline.id ?? '?'}${target}, ${view.status}`,
    image: null,
    inUse: view.status === 'running' || isResumable(view),
  };
}
