import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSnapshotStore } from '../../../src/snapshots/open-snapshot-store.ts';
import type { RunTool } from '../../../src/snapshots/run-tool.ts';
import { diffTrees, listTree } from '../../support/tree-listing.ts';
import { mountLoopFileSystem } from './loop-file-system.ts';
import { runTool } from './run-tool.ts';
import { keyFor } from './store-suite.ts';
import { changeTree, makePlainTree } from './torture-tree.ts';

it('copies what only the base has past overlayfs, and makes heavy layers whole', async () => {
  const place = await mountLoopFileSystem('ext4');
  const copiedFrom: string[] = [];
  const run: RunTool = async (file, args, options) => {
    if (file === 'cp') copiedFrom.push(options?.cwd ?? '');
    return runTool(file, args, options);
  };
  const directory = join(place.path, 'snapshots');
  const store = await openSnapshotStore({ directory, driver: 'overlay', privateNamespace: true, run });
  const [base, light, heavy] = [keyFor('base'), keyFor('light'), keyFor('heavy')];

  const made = await store.prepare(null, 'base');
  await makePlainTree(made.path);
  for (const name of ['lib/one', 'lib/two', 'share/three', 'share/four']) {
    await writeFile(join(made.path, 'usr', name), Buffer.alloc(4_000_000, name));
  }
  await store.commit(made, base);

  const changed = await store.prepare(base, 'light');
  await changeTree(changed.path);
  const lightTree = await listTree(changed.path);
  await store.commit(changed, light);
  expect(copiedFrom).toEqual([]);
  await store.materialize(light, join(place.path, 'light'));
  expect(diffTrees(lightTree, await listTree(join(place.path, 'light')))).toEqual([]);
  expect(copiedFrom).toContain(join(directory, 'overlay', base, 'diff'));
  expect(copiedFrom.some((path) => path.endsWith('/merged'))).toBe(true);

  const rewritten = await store.prepare(light, 'heavy');
  await rm(join(rewritten.path, 'usr'), { recursive: true });
  await mkdir(join(rewritten.path, 'usr'));
  await writeFile(join(rewritten.path, 'usr/all-new'), Buffer.alloc(20_000_000, 'x'));
  const heavyTree = await listTree(rewritten.path);
  await store.commit(rewritten, heavy);
  await store.verify(heavy);
  const view = await store.view(heavy);
  expect(view.path).toBe(join(directory, 'overlay', heavy, 'diff'));
  expect(diffTrees(heavyTree, await listTree(view.path))).toEqual([]);
  await view.release();
  await place.release();
});
