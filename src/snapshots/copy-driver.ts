import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { copyTree } from './copy-tree.ts';
import type { LayerChain, SnapshotDriver } from './driver.ts';
import { measureTree } from './layer-size.ts';
import type { RunTool } from './run-tool.ts';

/** Whole trees; works everywhere, and shares blocks where the file system has reflinks. */
export function createCopyDriver(run: RunTool): SnapshotDriver {
  const layer = 'tree';
  return {
    name: 'copy',
    layer,
    links: false,
    sizedBySync: false,
    async start(place, parent) {
      const path = join(place, layer);
      if (parent === null) await makeTop(path);
      else await copyTree(join(newest(parent), layer), path, run);
      return { path };
    },
    seal: async () => ({ isStacked: false }),
    abandon: async () => undefined,
    open: async (chain) => ({ path: join(newest(chain), layer), close: async () => undefined }),
    cloneTo: async () => false,
    measure: async (place) => measureTree(join(place, layer), run),
  };
}

/** The top of an empty tree, whatever the umask. */
export async function makeTop(path: string): Promise<void> {
  await mkdir(path, 0o755);
  await chmod(path, 0o755);
}

export function newest(chain: LayerChain): string {
  const [place] = chain.places;
  if (place === undefined) throw new TypeError('a chain of layers has at least one');
  return place;
}
