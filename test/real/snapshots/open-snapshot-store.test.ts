import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSnapshotStore } from '../../../src/snapshots/open-snapshot-store.ts';
import { diffTrees, listTree } from '../../support/tree-listing.ts';
import { mountLoopFileSystem } from './loop-file-system.ts';
import { runTool } from './run-tool.ts';
import { keyFor } from './store-suite.ts';

describe('openSnapshotStore', () => {
  it('takes the best driver that works at the place', async () => {
    for (const [type, privateNamespace, expected] of [
      ['btrfs', true, 'btrfs'],
      ['btrfs', false, 'btrfs'],
      ['ext4', true, 'overlay'],
      ['ext4', false, 'copy'],
      ['xfs', true, 'overlay'],
    ] as const) {
      const place = await mountLoopFileSystem(type);
      const store = await openSnapshotStore({ directory: join(place.path, 'a/b'), privateNamespace, run: runTool });
      expect(store.driver).toBe(expected);
      expect(await readdir(join(place.path, 'a/b', expected))).toEqual(['pending', 'trash']);
      expect(await readdir(join(place.path, 'a/b', expected, 'pending'))).toEqual([]);
      await place.release();
    }
  });

  it('says why a driver that is asked for cannot work', async () => {
    const scratch = await mkdtemp('/dev/shm/machinespawn-probe-');
    const open = async (driver: 'btrfs' | 'overlay', privateNamespace: boolean): Promise<unknown> =>
      openSnapshotStore({ directory: scratch, driver, privateNamespace, run: runTool });
    await expect(open('btrfs', true)).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_DRIVER', data: { driver: 'btrfs' } });
    await expect(open('overlay', false)).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_DRIVER' });
    await rm(scratch, { recursive: true });
  });

  it('finds by trial that overlayfs does not work on overlayfs', async () => {
    const place = await mountLoopFileSystem('ext4');
    for (const name of ['lower', 'upper', 'work', 'merged']) await mkdir(join(place.path, name));
    const parts = ['lower', 'upper', 'work'].map((name) => `${name}dir=${join(place.path, name)}`).join(',');
    const merged = join(place.path, 'merged');
    await runTool('mount', ['-t', 'overlay', '-o', parts, 'overlay', merged]);
    const directory = join(merged, 'snapshots');
    const forced = openSnapshotStore({ directory, driver: 'overlay', privateNamespace: true, run: runTool });
    await expect(forced).rejects.toMatchObject({ code: 'MSP_SNAPSHOT_DRIVER' });
    expect((await openSnapshotStore({ directory, privateNamespace: true, run: runTool })).driver).toBe('copy');
    await runTool('umount', [merged]);
    await place.release();
  });

  it('stacks more overlay layers than one mount takes, at a path with odd characters', async () => {
    const place = await mountLoopFileSystem('ext4');
    const directory = join(place.path, 'odd: path, with\\all', 'of it');
    const store = await openSnapshotStore({ directory, driver: 'overlay', privateNamespace: true, run: runTool });
    let parent: string | null = null;
    for (let layer = 0; layer < 45; layer += 1) {
      const writable = await store.prepare(parent, `layer-${layer}`);
      await writeFile(join(writable.path, `file-${layer}`), String(layer));
      if (layer > 0 && layer % 5 === 0) await rm(join(writable.path, `file-${layer - 1}`));
      parent = keyFor(`layer ${layer}`);
      await store.commit(writable, parent);
    }
    const top = keyFor('layer 44');
    await store.verify(top);
    await store.materialize(top, join(place.path, 'machine'));
    const listing = await listTree(join(place.path, 'machine'));
    const expected = Array.from({ length: 45 }, (_, at) => at).filter((at) => at === 44 || at % 5 !== 4);
    expect([...listing.keys()].toSorted()).toEqual(['.', ...expected.map((at) => `./file-${at}`)].toSorted());
    const view = await store.view(top);
    expect(diffTrees(listing, await listTree(view.path))).toEqual([]);
    await view.release();
    const { removed } = await store.gc(new Set());
    expect(removed).toHaveLength(45);
    await place.release();
  });

  it('makes plain directories of subvolumes in a btrfs tree', async () => {
    const place = await mountLoopFileSystem('btrfs');
    const store = await openSnapshotStore({ directory: join(place.path, 's'), privateNamespace: false, run: runTool });
    const writable = await store.prepare(null, 'nested');
    await mkdir(join(writable.path, 'var/lib'), { recursive: true });
    for (const name of ['var/lib/machines', 'var/lib/machines/one']) {
      await runTool('btrfs', ['subvolume', 'create', join(writable.path, name)]);
      await writeFile(join(writable.path, name, 'file'), name);
    }
    const key = keyFor('nested');
    await store.commit(writable, key);
    await store.materialize(key, join(place.path, 'machine'));
    const listing = await listTree(join(place.path, 'machine'));
    expect([...listing.keys()]).toContain('./var/lib/machines/one/file');
    expect((await store.gc(new Set())).removed).toHaveLength(1);
    const { stdout } = await runTool('btrfs', ['subvolume', 'list', place.path]);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    await place.release();
  });
});
