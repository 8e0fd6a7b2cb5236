import type { CacheItem, Keeper } from '../host/services.ts';
import type { FakeHost } from './fake-host.ts';
import type { Moments } from './moments.ts';
import { removeTree } from './tree-files.ts';
import type { World } from './world.ts';

/** The items of the host whose path is there; one that names another's id in `neededBy` is in use as long as that one is there. */
export function pretendKeeper(world: World, moments: Moments, host: FakeHost): Keeper {
  const items = (): CacheItem[] => {
    const there = (host.cache ?? []).filter(({ path }) => world.has(path));
    return there.map(({ neededBy, ...item }) => ({
      ...item,
      inUse: item.inUse || there.some(({ id }) => id === neededBy),
    }));
  };
  return {
    items: () => moments.call('items', 'reads', items),
    remove: (chosen) =>
      moments.call(`remove(${chosen.map(({ id }) => id).join(', ')})`, 'writes', (inside) => {
        const ids = new Set(chosen.map(({ id }) => id));
        const free = items().filter((item) => ids.has(item.id) && !item.inUse);
        for (const [index, { path }] of free.entries()) {
          if (index === 1) inside();
          removeTree(world.real(path));
        }
        return free;
      }),
  };
}
