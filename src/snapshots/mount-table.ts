import { realpath } from 'node:fs/promises';
import { fail } from '../errors/machinespawn-error.ts';
import { mountsWithin, readMounts, type Mount } from '../host/mounts.ts';

/** The mount that `path` (absolute, no symlinks) lies on. */
export function mountOf(table: readonly Mount[], path: string): Mount | null {
  let best: Mount | null = null;
  for (const entry of table) {
    const holds = entry.path === '/' || entry.path === path || path.startsWith(`${entry.path}/`);
    // The last of equals is on top.
    if (holds && (best === null || entry.path.length >= best.path.length)) best = entry;
  }
  return best;
}

/** Throws MSP_TREE_HAS_MOUNTS when something is mounted below `path`, or with `itself` on it. */
export async function refuseMounts(path: string, options: { readonly itself: boolean }): Promise<void> {
  const real = await realpath(path);
  const within = mountsWithin(await readMounts(), real);
  const mounts = options.itself ? within : within.filter((point) => point !== real);
  if (mounts.length > 0) throw fail('MSP_TREE_HAS_MOUNTS', { path, mounts });
}
