import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMounts } from '../host/mounts.ts';
import { copyDirectoryAttributes } from './copy-directory-attributes.ts';
import { copyTree } from './copy-tree.ts';
import { makeTop, newest } from './copy-driver.ts';
import type { LayerChain, SnapshotDriver } from './driver.ts';
import type { LayerChanges } from './layer-changes.ts';
import { measureTree } from './layer-size.ts';
import { linkTree } from './link-tree.ts';
import { refuseMounts } from './mount-table.ts';
import { pathExists } from './path-exists.ts';
import { removeTree } from './remove-tree.ts';
import type { RunTool } from './run-tool.ts';

/*
 * What a layer holds has to make sense without the others' inode numbers, and in every kernel: no index, no files
 * that are metadata only, no directories that are found under another name.
 */
const featureOptions = 'index=off,metacopy=off,redirect_dir=off,xino=off';
// The options of a mount have to fit into one page, and each layer takes about 70 bytes of it.
const mostLayers = 40;
const heavyShare = 0.5;
const umountTries = 20;
const umountPauseMs = 100;

/** Each snapshot is what differs from its parent, put together by overlayfs inside this process's mount namespace. */
export function createOverlayDriver(run: RunTool): SnapshotDriver {
  const layer = 'diff';

  /** Chain and paths are given relative to the store, as short as they can be and free of `,` and `:`. */
  async function mountOverlay(chain: LayerChain, target: string, upper: string | null): Promise<void> {
    const store = dirname(newest(chain));
    const relative = (path: string): string => path.slice(store.length + 1);
    const lower = chain.places.map((place) => `${basename(place)}/${layer}`).join(':');
    const parts =
      upper === null ? [] : [`upperdir=${relative(join(upper, layer))}`, `workdir=${relative(join(upper, 'work'))}`];
    const options = [upper === null ? 'ro' : 'rw', `lowerdir=${lower}`, ...parts, featureOptions].join(',');
    // The newer mount calls take no option value beyond 255 bytes.
    const env = { LIBMOUNT_FORCE_MOUNT2: 'always' };
    const here = { cwd: store, env, mounts: true };
    const mount = async (more: string): Promise<unknown> =>
      run('mount', ['-t', 'overlay', '-o', `${options}${more}`, 'overlay', target], here);
    if (upper === null) await mount('');
    // A tree in the making is thrown away after a crash, and synced as a whole when it is sealed: until then no program
    // in it need wait for the disk. Kernels before 5.10 do not know the option.
    else await mount(',volatile').catch(() => mount(''));
  }

  async function unmount(target: string): Promise<void> {
    for (let left = umountTries; ; left -= 1) {
      if (!(await readMounts()).some((entry) => entry.path === target)) return;
      try {
        await run('umount', [target], { mounts: true });
      } catch (error) {
        // A program that was just killed may hold the tree for another moment.
        if (left === 0) throw error;
        await sleep(umountPauseMs);
      }
    }
  }

  async function clear(place: string): Promise<void> {
    const merged = join(place, 'merged');
    if (await pathExists(merged)) await refuseMounts(merged, { itself: false });
    await unmount(merged);
    await rm(join(place, 'work'), { recursive: true, force: true });
    await rm(merged, { recursive: true, force: true });
  }

  async function isHeavy(place: string): Promise<boolean> {
    const [own, all] = await Promise.all([
      measureTree(join(place, layer), run),
      measureTree(join(place, 'merged'), run),
    ]);
    return own >= all * heavyShare;
  }

  /** A layer that holds most of its tree is made whole: copying past overlayfs is a third quicker, again and again. */
  async function flatten(place: string, parent: LayerChain, links: string | null): Promise<LayerChanges | null> {
    const [diff, merged, whole] = [join(place, layer), join(place, 'merged'), join(place, 'whole')];
    const layers = [diff, ...parent.places.map((below) => join(below, layer))];
    const changes = await linkTree(merged, layers, whole, run, links);
    await unmount(merged);
    // To start a program for a few files takes longer; names that node cannot tell are left to it.
    if (changes !== null) await rm(diff, { recursive: true, force: true }).catch(() => undefined);
    await removeTree(diff, run);
    await rename(whole, diff);
    return changes;
  }

  return {
    name: 'overlay',
    layer,
    links: true,
    sizedBySync: false,
    async start(place, parent) {
      const diff = join(place, layer);
      await makeTop(diff);
      if (parent === null) return { path: diff };
      const merged = join(place, 'merged');
      await mkdir(merged, 0o700);
      if (parent.places.length >= mostLayers) {
        await rm(diff, { recursive: true });
        await mountOverlay(parent, merged, null);
        await copyTree(merged, diff, run);
        await unmount(merged);
        return { path: diff };
      }
      await mkdir(join(place, 'work'), 0o700);
      // The top of the upper layer is the top of the whole.
      await copyDirectoryAttributes(join(newest(parent), layer), diff, ['.'], run);
      await mountOverlay(parent, merged, place);
      return { path: merged };
    },
    async seal(place, parent, whole, links) {
      const isStacked = parent !== null && (await pathExists(join(place, 'work')));
      const isFlat = isStacked && (whole ?? (await isHeavy(place)));
      const changes = isFlat ? await flatten(place, parent, (await links?.()) ?? null) : null;
      await clear(place);
      return { isStacked: isStacked && !isFlat, changes };
    },
    abandon: clear,
    async open(chain, place) {
      if (chain.places.length === 1) return { path: join(newest(chain), layer), close: async () => undefined };
      const merged = join(place, 'merged');
      await mkdir(merged, 0o700);
      await mountOverlay(chain, merged, null);
      return { path: merged, close: async () => unmount(merged) };
    },
    cloneTo: async () => false,
    measure: async (place, parent) =>
      measureTree(join(place, layer), run, parent?.places.map((below) => join(below, layer)) ?? []),
  };
}
