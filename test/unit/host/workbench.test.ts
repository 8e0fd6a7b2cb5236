import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, expectTypeOf, test } from 'vitest';
import type { Workbench } from '../../../src/engine/ports.ts';
import { ArtifactStore } from '../../../src/host/artifact-store.ts';
import { fail } from '../../../src/errors/machinespawn-error.ts';
import { Exec } from '../../../src/host/exec.ts';
import { SystemFacts } from '../../../src/host/facts.ts';
import { KernelLocks } from '../../../src/host/locks.ts';
import { MachinesDirectory } from '../../../src/host/machines.ts';
import type { StepServices } from '../../../src/host/services.ts';
import type { TreeStore } from '../../../src/host/step-trees.ts';
import { treeRef, treeRefsIn } from '../../../src/host/tree-ref.ts';
import { ProxyBook } from '../../../src/host/proxies.ts';
import { SitePasswords } from '../../../src/host/site-passwords.ts';
import { AheadShelf } from '../../../src/host/trees-ahead.ts';
import { HostWorkbench } from '../../../src/host/workbench.ts';
import { createLayout, pendingPlaceOf } from '../../../src/snapshots/store-layout.ts';
import type { SnapshotStore } from '../../../src/snapshots/snapshot-store.ts';
import { expectCode, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const key = 'a'.repeat(64);
const other = 'b'.repeat(64);

/** Trees as plain directories, without parents. */
class DirectoryTrees implements TreeStore {
  readonly released: string[] = [];
  readonly #path = (name: string): string => `${scratch}/trees/${name}`;

  async prepare(_: string | null, id: string) {
    rmSync(this.#path(id), { recursive: true, force: true });
    mkdirSync(this.#path(id), { recursive: true });
    return { path: this.#path(id) };
  }
  async commit(writable: { path: string }, under: string) {
    renameSync(writable.path, this.#path(under));
  }
  async discard(writable: { path: string }) {
    rmSync(writable.path, { recursive: true });
  }
  async has(wanted: string) {
    return existsSync(this.#path(wanted));
  }
  async view(wanted: string) {
    return { path: this.#path(wanted), release: async () => void this.released.push(wanted) };
  }
  async verify(wanted: string) {
    if (!(await this.has(wanted))) throw fail('MSP_SNAPSHOT_MISSING', { key: wanted });
  }
  async materialize() {}
}

const store = new DirectoryTrees();
const locks = new KernelLocks(`${scratch}/locks`, 'test');
const artifacts = new ArtifactStore(`${scratch}/artifacts`);
const bench = new HostWorkbench({
  store,
  artifacts,
  locks,
  ahead: new AheadShelf(),
  runs: `${scratch}/runs`,
  host: {
    exec: new Exec({ isRoot: false }),
    facts: new SystemFacts({ environment: { HTTP_PROXY: 'http://p' }, scratch }),
    machines: new MachinesDirectory(`${scratch}/machines`, `${scratch}/records`),
    pipelines: {
      run: () => Promise.resolve({}),
      foresee: () => Promise.resolve({ cache: 'unknown', why: '', outputs: null }),
    },
    keeper: { items: () => Promise.resolve([]), remove: () => Promise.resolve([]) },
    directories: { cache: '/c', packages: '/p', state: '/s' },
    proxies: new ProxyBook(),
    passwords: new SitePasswords(),
  },
});
const lines: string[] = [];
const log = { info: () => undefined, warn: () => undefined, output: (line: string) => void lines.push(line) };
const job = (attempt = 1) => ({
  ...{ runId: 'r1', stepId: 'first-stage', type: 'first-stage', key, attempt, log },
  signal: new AbortController().signal,
});

test('it fits the port, and so does the store of snapshots', () => {
  expectTypeOf<HostWorkbench<{ readonly path: string }>>().toExtend<Workbench<StepServices>>();
  expectTypeOf<SnapshotStore>().toExtend<TreeStore<Parameters<SnapshotStore['discard']>[0]>>();
});

test('what is locked for the run stays so between its steps, and no other run gets or waits for it', async () => {
  const place = await bench.open(job());
  expect(await place.services.lockForRun('making-bread')).toEqual({ isTaken: true });
  await place.commit();
  const [next, stranger] = [await bench.open(job(2)), await bench.open({ ...job(), runId: 'r2', stepId: 'x' })];
  expect(await next.services.lockForRun('making-bread')).toEqual({ isTaken: true });
  expect(await stranger.services.lockForRun('making-bread')).toEqual({ isTaken: false, holder: 'test' });
  await next.discard();
  bench.endRun('r1');
  expect(await stranger.services.lockForRun('making-bread')).toEqual({ isTaken: true });
  await stranger.discard();
  bench.endRun('r2');
});

test('commit keeps the tree under the key, and gives back lock, view and scratch', async () => {
  const place = await bench.open(job());
  const { services } = place;
  const { ref, root, path } = await services.trees.change(null);
  expect(ref).toBe(treeRef(key));
  await root.writeText('/etc/hostname', 'x');
  await services.lock('machine-bread');
  await services.lock('machine-bread');
  expect(await locks.tryAcquire('machine-bread')).toBe(null);
  await services.exec({ file: 'echo', args: ['said'] });
  expect(lines).toEqual(['said']);
  writeFileSync(`${services.directories.scratch}/x`, '');
  await expectCode(services.trees.change(null), 'MSP_STEP_TYPE_INVALID');
  const gone = (reference: string) => ({ reference, what: `tree ${reference.slice(5, 17)}`, problem: 'is gone' });
  expect(await bench.missing({ a: [ref] })).toEqual([gone(ref)]);
  await place.commit();
  expect(existsSync(path)).toBe(false);
  expect(existsSync(services.directories.scratch)).toBe(false);
  expect(await bench.missing({ a: [ref, treeRef(other)], b: 'tree:x' })).toEqual([gone(treeRef(other))]);
  (await locks.tryAcquire('machine-bread'))?.release();
  const next = await bench.open(job());
  expect(await (await next.services.trees.view(ref)).root.readText('/etc/hostname')).toBe('x');
  await next.discard();
  expect(store.released).toEqual([key]);
});

test('a step of a matrix has a tree, too: its id becomes a short word, and another id another one', async () => {
  const names: string[] = [];
  for (const cell of ['a+x', 'a x', `${'long '.repeat(60)}1`, `${'long '.repeat(60)}2`]) {
    const place = await bench.open({ ...job(), stepId: `build@${cell}` });
    const { path } = await place.services.trees.change(null);
    names.push(basename(path));
    await place.discard();
  }
  expect(new Set(names).size).toBe(4);
  for (const name of names) expect(() => pendingPlaceOf(createLayout('/snapshots'), name)).not.toThrow();
});

test('discard throws the tree away; an attempt begins with an empty scratch folder', async () => {
  const first = await bench.open(job());
  const { path } = await first.services.trees.change(null);
  writeFileSync(`${first.services.directories.scratch}/left`, '');
  // No end: as after a kill.
  const second = await bench.open(job(2));
  expect(existsSync(`${second.services.directories.scratch}/left`)).toBe(false);
  const again = await second.services.trees.change(null);
  expect(again.path).toBe(path);
  await second.discard();
  await second.discard();
  expect(existsSync(path)).toBe(false);
});

test('a tree for a later step is taken by its name, once; what nobody takes goes with the run', async () => {
  const begin = async (name: string | null) => {
    const place = await bench.open({ ...job(), stepId: 'download' });
    const tree = await place.services.trees.ahead();
    writeFileSync(`${tree.path}/x`, '');
    if (name !== null) tree.leave(name, { entries: 1 });
    await place.commit();
    return tree.path;
  };
  // Not left, or left for nobody.
  expect(existsSync(await begin(null))).toBe(false);
  const lost = await begin('lost');
  expect(existsSync(lost)).toBe(true);
  await (await bench.open(job())).discard();
  expect(existsSync(lost)).toBe(false);
  const untaken = await begin('untaken');
  await bench.clearAhead('r1');
  expect(existsSync(untaken)).toBe(false);
  const left = await begin('left');
  const elsewhere = await bench.open({ ...job(), runId: 'r2' });
  expect(await elsewhere.services.trees.change(null, { ahead: 'left' })).toMatchObject({ note: null });
  await elsewhere.discard();
  const place = await bench.open(job());
  const tree = await place.services.trees.change(null, { ahead: 'left' });
  expect(tree).toMatchObject({ path: left, note: { entries: 1 }, ref: treeRef(key) });
  await place.discard();
  const later = await bench.open(job());
  expect(await later.services.trees.change(null, { ahead: 'left' })).toMatchObject({ note: null });
  await later.discard();
});

test('services for looking change nothing', async () => {
  const services = bench.look();
  expect((await services.exec({ file: 'echo', args: ['x'], reads: true })).stdout).toBe('x\n');
  expect(await services.files.list('/nonesuch')).toEqual([]);
  for (const work of [
    () => services.exec({ file: 'touch', args: ['/tmp/x'] }),
    () => services.trees.change(null),
    () => services.files.remove('/tmp/x'),
    () => services.root('/tmp').writeText('x', ''),
    () => services.lock('x'),
  ]) {
    await expectCode(work, 'MSP_STEP_TYPE_INVALID');
  }
});

test('facts: the environment in either case', () => {
  const { facts } = bench.look();
  expect(facts.env('http_proxy')).toBe('http://p');
  expect(facts.env('https_proxy')).toBe(undefined);
});

test('names of trees in a value', () => {
  expect(treeRefsIn({ a: [treeRef(other), { b: treeRef(key) }], c: `x${treeRef(key)}`, d: treeRef(key) })).toEqual([
    treeRef(key),
    treeRef(other),
  ]);
});
