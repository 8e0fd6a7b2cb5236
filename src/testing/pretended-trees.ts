import { lstatSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { Trees } from '../host/tree-services.ts';
import type { Moments } from './moments.ts';
import { pretendRootFiles } from './pretended-files.ts';
import { copyTree, removeTree } from './tree-files.ts';
import { directories, type World } from './world.ts';

export interface PretendedTrees {
  readonly trees: Trees;
  /** Seals the step's tree, as the engine does after a success. */
  readonly commit: () => void;
}

export function pretendTrees(world: World, moments: Moments, key: string): PretendedTrees {
  const work = `${directories.work}/${key}`;
  let changed = false;
  const committed = (ref: string): string => {
    const path = `${directories.trees}/${ref}`;
    if (!/^[0-9a-f]{64}$/u.test(ref) || !world.has(path)) throw fail('MSP_SNAPSHOT_MISSING', { key: ref });
    return path;
  };
  const trees: Trees = {
    change: (parent) =>
      moments.call(`change(${parent ?? 'nothing'})`, 'writes', (inside) => {
        if (changed) throw new TypeError('a step may make only one tree');
        changed = true;
        if (parent === null) mkdirSync(join(world.root, work));
        else copyTree(world.real(committed(parent)), join(world.root, work), inside);
        return { path: work, ref: key, root: pretendRootFiles(world, moments, work), note: null };
      }),
    // Nothing is left for a later step: here, there is one step only.
    ahead: () =>
      moments.call('ahead()', 'writes', () => {
        const path = `${work}-ahead`;
        mkdirSync(join(world.root, path));
        return { path, leave: () => {} };
      }),
    materialize: (ref, directory) =>
      moments.call(`materialize(${ref.slice(-4)}, ${directory})`, 'writes', (inside) => {
        const to = join(world.real(dirname(directory)), directory.slice(dirname(directory).length));
        if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) {
          throw fail('MSP_FILE_UNWRITABLE', { path: directory, problem: 'it exists' });
        }
        copyTree(world.real(committed(ref)), to, inside);
      }),
    view: (ref) =>
      moments.call(`view(${ref.slice(-4)})`, 'reads', () => ({
        path: committed(ref),
        root: pretendRootFiles(world, moments, committed(ref), true),
      })),
  };
  return {
    trees,
    commit: () => {
      if (!changed) return;
      const to = join(world.root, directories.trees, key);
      world.committed.push(key);
      if (world.has(`${directories.trees}/${key}`)) removeTree(join(world.root, work));
      else renameSync(join(world.root, work), to);
    },
  };
}
