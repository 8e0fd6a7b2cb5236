import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSnapshotStore } from '../../../src/snapshots/open-snapshot-store.ts';
import { removeTree } from '../../../src/snapshots/remove-tree.ts';
import type { RunTool } from '../../../src/snapshots/run-tool.ts';
import { encodeMeta, type SnapshotMeta } from '../../../src/snapshots/snapshot-meta.ts';
import type { DriverName, SnapshotStore, WritableSnapshot } from '../../../src/snapshots/snapshot-store.ts';
import { diffTrees, listTree, type TreeListing } from '../../support/tree-listing.ts';
import { killAtMoments } from './kill-at-moments.ts';
import { type LoopFileSystemType, mountLoopFileSystem } from './loop-file-system.ts';
import { runTool } from './run-tool.ts';
import { changeTree, makeTortureTree } from './torture-tree.ts';

const layerName = { btrfs: 'tree', overlay: 'diff', copy: 'tree' } as const;

export function keyFor(word: string): string {
  return createHash('sha256').update(word).digest('hex');
}

/** The promises of a store, for one driver on one file system. */
export function describeStore(driver: DriverName, fileSystem: LoopFileSystemType): void {
  describe(`${driver} on ${fileSystem}`, () => {
    let place: Awaited<ReturnType<typeof mountLoopFileSystem>>;
    let store: SnapshotStore;
    let directory: string;
    let baseTree: TreeListing;
    const base = keyFor('base');
    const child = keyFor('child');

    const open = async (): Promise<SnapshotStore> =>
      openSnapshotStore({ directory, driver, privateNamespace: true, run: runTool });
    const layerOf = (key: string): string => join(directory, driver, key, layerName[driver]);

    async function commitChanged(key: string, change: (writable: WritableSnapshot) => Promise<void>): Promise<void> {
      const writable = await store.prepare(base, 'changed');
      await change(writable);
      await store.commit(writable, key);
    }

    const thaw = async (key: string): Promise<void> => {
      if (driver === 'btrfs') await runTool('btrfs', ['property', 'set', '-t', 'subvol', layerOf(key), 'ro', 'false']);
    };

    async function expectNothingPending(): Promise<void> {
      expect(await readdir(join(directory, driver, 'pending'))).toEqual([]);
      expect(await readdir(join(directory, driver, 'trash'))).toEqual([]);
      expect((await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((l) => l.includes(directory))).toEqual(
        [],
      );
    }

    beforeAll(async () => {
      place = await mountLoopFileSystem(fileSystem);
      directory = join(place.path, 'snapshots');
      store = await open();
      const writable = await store.prepare(null, 'base');
      await makeTortureTree(writable.path);
      baseTree = await listTree(writable.path);
      await store.commit(writable, base);
    });

    afterAll(async () => place.release());

    it('keeps the base exactly as it was made', async () => {
      expect(store.driver).toBe(driver);
      expect(baseTree.size).toBeGreaterThan(110);
      const view = await store.view(base);
      expect(diffTrees(baseTree, await listTree(view.path))).toEqual([]);
      await view.release();
      await store.verify(base);
      expect(await store.has(base)).toBe(true);
      expect(await store.has(keyFor('nothing'))).toBe(false);
      expect(await store.list()).toEqual([
        expect.objectContaining({ key: base, parent: null, driver, sizeBytes: expect.any(Number) as number }),
      ]);
      expect((await lstat(join(directory, driver))).mode & 0o777).toBe(0o700);
      expect((await lstat(join(directory, driver, base))).mode & 0o777).toBe(0o700);
      await expectNothingPending();
    });

    it('gives a child that changes freely, and leaves the parent alone', async () => {
      const writable = await store.prepare(base, 'child');
      // A rename cannot leave the layer it is in, so this reads like any other new tree.
      expect(diffTrees(baseTree, await listTree(writable.path))).toEqual([]);
      await changeTree(writable.path);
      const changed = await listTree(writable.path);
      expect(diffTrees(baseTree, changed).length).toBeGreaterThan(20);
      await store.commit(writable, child);
      const info = (await store.list()).find(({ key }) => key === child);
      expect(info).toMatchObject({ key: child, parent: base, driver });
      expect(info?.sizeBytes).toBeGreaterThan(0);
      await store.verify(child);
      const view = await store.view(child);
      expect(diffTrees(changed, await listTree(view.path))).toEqual([]);
      await view.release();
      const target = join(place.path, 'machine');
      await store.materialize(child, target);
      expect(diffTrees(changed, await listTree(target))).toEqual([]);
      await writeFile(join(target, 'etc/acl'), 'a machine is nobody else’s business');
      await removeTree(target, runTool);
      const parent = await store.view(base);
      expect(diffTrees(baseTree, await listTree(parent.path))).toEqual([]);
      await parent.release();
      await store.verify(base);
      await store.verify(child);
      await expectNothingPending();
    });

    it('materializes on another file system too', async () => {
      const other = await mountLoopFileSystem('ext4');
      await store.materialize(base, join(other.path, 'machine'));
      expect(diffTrees(baseTree, await listTree(join(other.path, 'machine')))).toEqual([]);
      await other.release();
    });

    it('discards, and throws left-overs of the same id away', async () => {
      const first = await store.prepare(base, 'again');
      await writeFile(join(first.path, 'left-over'), '');
      const second = await store.prepare(null, 'again');
      expect(await readdir(second.path)).toEqual([]);
      expect((await lstat(second.path)).mode & 0o7777).toBe(0o755);
      await store.discard(second);
      await store.discard(second);
      await expectNothingPending();
    });

    it('keeps the first of two trees with one key', async () => {
      const writable = await store.prepare(base, 'twin');
      await writeFile(join(writable.path, 'twin'), '');
      const before = (await store.list()).find((info) => info.key === child);
      await store.commit(writable, child);
      expect((await store.list()).find((info) => info.key === child)).toEqual(before);
      const view = await store.view(child);
      expect(await readdir(view.path)).not.toContain('twin');
      await view.release();
      await expectNothingPending();
    });

    it('names what is missing, taken or not there', async () => {
      await expect(store.prepare(keyFor('nothing'), 'orphan')).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_MISSING' });
      await expect(store.view(keyFor('nothing'))).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_MISSING' });
      await expect(store.verify('../pending')).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_MISSING' });
      const taken = join(place.path, 'taken');
      await mkdir(taken);
      await expect(store.materialize(base, taken)).rejects.toMatchObject({ code: 'MSP_FILE_UNWRITABLE' });
      expect(await readdir(taken)).toEqual([]);
      const orphan = join(place.path, 'no', 'machine');
      await expect(store.materialize(base, orphan)).rejects.toMatchObject({ code: 'MSP_FILE_UNWRITABLE' });
      await expectNothingPending();
    });

    it('refuses to commit or to remove what has mounts in it', async () => {
      const writable = await store.prepare(base, 'mounted');
      const inside = join(writable.path, 'etc/empty-dir');
      await mkdir(inside);
      await runTool('mount', ['-t', 'tmpfs', 'tmpfs', inside]);
      await writeFile(join(inside, 'precious'), '');
      await expect(store.commit(writable, keyFor('mounted'))).rejects.toMatchObject({ code: 'MSP_TREE_HAS_MOUNTS' });
      await expect(store.discard(writable)).rejects.toMatchObject({ code: 'MSP_TREE_HAS_MOUNTS' });
      expect(await readdir(inside)).toEqual(['precious']);
      await runTool('umount', [inside]);
      await store.discard(writable);
      await expectNothingPending();
    });

    it('stops copying on abort and leaves nothing', async () => {
      const elsewhere = await mkdtemp('/tmp/machinespawn-abort-');
      const target = join(elsewhere, 'machine');
      const controller = new AbortController();
      let copies = 0;
      const abortedInCopy: RunTool = async (file, args, options) => {
        const running = runTool(file, args, options);
        if (file === 'cp') {
          copies += 1;
          controller.abort();
        }
        return running;
      };
      const aborted = await openSnapshotStore({ directory, driver, privateNamespace: true, run: abortedInCopy });
      const { signal } = controller;
      await expect(aborted.materialize(base, target, { signal })).rejects.toMatchObject({ name: 'AbortError' });
      expect(copies).toBeGreaterThan(0);
      expect(await readdir(elsewhere)).toEqual([]);
      await rm(elsewhere, { recursive: true });
      await expectNothingPending();
    });

    describe('damage', () => {
      const meta = (key: string): string => join(directory, driver, key, 'meta.json');
      const damages: readonly (readonly [string, (key: string) => Promise<void>])[] = [
        ['a removed file', async (key) => rm(join(layerOf(key), 'mark'))],
        ['a changed mode', async (key) => chmod(join(layerOf(key), 'mark'), 0o640)],
        [
          'a new attribute',
          async (key) => void (await runTool('setfattr', ['-n', 'user.x', '-v', 'y', join(layerOf(key), 'mark')])),
        ],
        ['other content of another length', async (key) => writeFile(join(layerOf(key), 'mark'), 'longer than before')],
        ['no tree', async (key) => removeTree(layerOf(key), runTool)],
        ['no record', async (key) => rm(meta(key))],
        ['a record that is garbage', async (key) => writeFile(meta(key), 'garbage')],
        ['a torn record', async (key) => writeFile(meta(key), (await readFile(meta(key), 'utf8')).slice(0, 100))],
        [
          'an edited record',
          async (key) =>
            writeFile(meta(key), (await readFile(meta(key), 'utf8')).replace('"sizeBytes": ', '"sizeBytes": 1')),
        ],
        ['the record of another', async (key) => writeFile(meta(key), await readFile(meta(base), 'utf8'))],
      ];

      for (const [name, damage] of damages) {
        it(`finds ${name}, and a new commit replaces it`, async () => {
          const key = keyFor(name);
          const mark = async (writable: WritableSnapshot): Promise<void> =>
            writeFile(join(writable.path, 'mark'), randomBytes(65_536));
          await commitChanged(key, mark);
          await store.verify(key);
          await thaw(key);
          await damage(key);
          expect(await store.has(key)).toBe(true);
          await expect(store.verify(key)).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_DAMAGED' });
          await commitChanged(key, mark);
          await store.verify(key);
        });
      }
    });

    it('has what nobody waits for at once, and no longer after the host went down before it was on the disk', async () => {
      const key = keyFor('unsynced');
      const record = join(directory, driver, key, 'meta.json');
      // Nothing is ever written to disk by this one.
      const withoutSync: RunTool = async (file, args, options) =>
        file === 'sync' ? Promise.reject(new Error('no sync')) : runTool(file, args, options);
      const unsynced = await openSnapshotStore({ directory, driver, privateNamespace: true, run: withoutSync });
      const commit = async (by: SnapshotStore): Promise<void> => {
        const writable = await by.prepare(base, 'unsynced');
        await writeFile(join(writable.path, 'mark'), 'text');
        await by.commit(writable, key, { durable: false });
      };
      await commit(unsynced);
      await unsynced.verify(key);
      await store.verify(key);
      const text = await readFile(record, 'utf8');
      const { format, checksum, ...meta } = JSON.parse(text) as SnapshotMeta & { format: number; checksum: string };
      expect([format, typeof checksum, meta.unsyncedIn]).toEqual([
        1,
        'string',
        expect.stringMatching(/^[\da-f-]{36}$/u),
      ]);
      await writeFile(record, encodeMeta({ ...meta, unsyncedIn: '00000000-0000-0000-0000-000000000000' }));
      await expect(store.verify(key)).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_DAMAGED' });
      await commit(store);
      await store.verify(key);
      await expect.poll(async () => readFile(record, 'utf8'), { timeout: 10_000 }).not.toContain('unsyncedIn');
      await store.verify(key);
    });

    it('measures what its maker did not live to measure, and finds it damaged after that', async () => {
      const [key, onIt] = [keyFor('unmeasured'), keyFor('on the unmeasured')];
      const record = async (of: string): Promise<object> =>
        JSON.parse(await readFile(join(directory, driver, of, 'meta.json'), 'utf8')) as object;
      // Digests are taken by this one.
      const withoutDigest: RunTool = async (file, args, options) =>
        file === 'bash' && args.some((arg) => arg.includes('sha256sum'))
          ? Promise.reject(new Error('killed'))
          : runTool(file, args, options);
      const killed = await openSnapshotStore({ directory, driver, privateNamespace: true, run: withoutDigest });
      const make = async (parent: string, of: string): Promise<void> => {
        const writable = await killed.prepare(parent, 'unmeasured');
        await writeFile(join(writable.path, of), 'text');
        await killed.commit(writable, of, { durable: false });
      };
      await make(base, key);
      await make(key, onIt);
      expect(await record(onIt)).not.toHaveProperty('digest');
      const view = await store.view(onIt);
      expect(await readdir(view.path)).toEqual(expect.arrayContaining([key, onIt]));
      await view.release();
      await store.verify(onIt);
      expect(await record(onIt)).toMatchObject({
        digest: expect.stringMatching(/^[\da-f]{64}$/u) as string,
        parentDigest: ((await record(key)) as SnapshotMeta).digest,
      });
      expect((await store.list()).map((info) => info.key)).toEqual(expect.arrayContaining([key, onIt]));
      await thaw(onIt);
      await writeFile(join(layerOf(onIt), onIt), 'TEXT, longer');
      await expect(store.verify(onIt)).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_DAMAGED' });
    });

    it('collects what no root needs, parents of roots stay', async () => {
      const [middle, top, lone] = [keyFor('middle'), keyFor('top'), keyFor('lone')];
      await commitChanged(middle, async ({ path }) => writeFile(join(path, 'middle'), ''));
      const onMiddle = await store.prepare(middle, 'top');
      await writeFile(join(onMiddle.path, 'top'), '');
      await store.commit(onMiddle, top);
      await commitChanged(lone, async ({ path }) => writeFile(join(path, 'lone'), ''));
      const viewed = await store.view(lone);
      const working = await store.prepare(child, 'working');
      const first = await store.gc(new Set([top]));
      const left = (await store.list()).map((info) => info.key);
      expect(left.toSorted()).toEqual([base, child, middle, top, lone].toSorted());
      expect(first.removed.map((info) => info.key)).toContain(keyFor('a removed file'));
      expect(first.freedBytes).toBeGreaterThan(0);
      expect(await readdir(viewed.path)).toContain('lone');
      await viewed.release();
      await store.discard(working);
      const second = await store.gc(new Set([top]));
      expect(second.removed.map((info) => info.key).toSorted()).toEqual([child, lone].toSorted());
      const view = await store.view(top);
      expect(await readdir(view.path)).toEqual(expect.arrayContaining(['top', 'middle', 'usr']));
      await view.release();
      await expectNothingPending();
    });

    it('survives SIGKILL at any moment', async () => {
      const key = keyFor('victim');
      const target = join(place.path, 'victim');
      const ends = await killAtMoments([directory, driver, base, key, target], 8, async () => {
        store = await open();
        await store.gc(new Set([base]));
        await expectNothingPending();
        await store.verify(base);
        await removeTree(target, runTool);
        const writable = await store.prepare(base, 'victim');
        await changeTree(writable.path);
        const changed = await listTree(writable.path);
        await store.commit(writable, key);
        await store.verify(key);
        await store.materialize(key, target);
        expect(diffTrees(changed, await listTree(target))).toEqual([]);
        await removeTree(target, runTool);
        await store.gc(new Set([base]));
        expect((await store.list()).map((info) => info.key)).toEqual([base]);
      });
      expect(ends.killed).toBeGreaterThan(4);
    });
  });
}
