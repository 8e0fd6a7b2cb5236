import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readMounts } from '../host/mounts.ts';
import { newest } from './copy-driver.ts';
import type { SnapshotDriver } from './driver.ts';
import { measureTree } from './layer-size.ts';
import { mountOf } from './mount-table.ts';
import type { RunTool } from './run-tool.ts';
import { flattenSubvolumes, setReadOnly } from './subvolumes.ts';

/** A subvolume for each snapshot, read-only once it is committed. */
export function createBtrfsDriver(run: RunTool): SnapshotDriver {
  const layer = 'tree';
  return {
    name: 'btrfs',
    layer,
    links: false,
    sizedBySync: true,
    async start(place, parent) {
      const path = join(place, layer);
      if (parent === null) {
        await run('btrfs', ['subvolume', 'create', path]);
        await run('chmod', ['0755', path]);
      } else await run('btrfs', ['subvolume', 'snapshot', join(newest(parent), layer), path]);
      return { path };
    },
    async seal(place) {
      await flattenSubvolumes(join(place, layer), run);
      await setReadOnly(join(place, layer), true, run);
      return { isStacked: false };
    },
    async isFrozen(place) {
      const { stdout } = await run('btrfs', ['property', 'get', '-ts', join(place, layer), 'ro']);
      return stdout.trim() === 'ro=true';
    },
    abandon: async () => undefined,
    open: async (chain) => ({ path: join(newest(chain), layer), close: async () => undefined }),
    async cloneTo(chain, target) {
      const source = join(newest(chain), layer);
      const table = await readMounts();
      const [from, to] = await Promise.all([realpath(source), realpath(dirname(target))]);
      if (mountOf(table, from)?.device !== mountOf(table, to)?.device) return false;
      await run('btrfs', ['subvolume', 'snapshot', source, target]);
      return true;
    },
    async measure(place, parent) {
      if (parent === null) return measureTree(join(place, layer), run);
      const { stdout } = await run('btrfs', ['filesystem', 'du', '-s', '--raw', join(place, layer)]);
      const [, exclusive] = stdout.trim().split('\n').at(-1)?.trim().split(/\s+/u) ?? [];
      return Number(exclusive);
    },
  };
}
