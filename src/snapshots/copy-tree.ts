import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { copyDirectoryAttributes } from './copy-directory-attributes.ts';
import { type CopyPlan, copyScanFormat, planCopy } from './copy-plan.ts';
import { refuseMounts } from './mount-table.ts';
import { pathExists } from './path-exists.ts';
import type { RunTool } from './run-tool.ts';

// -a alone passes over extended attributes that cannot be written; file capabilities are among them.
const copyFlags = ['-a', '--preserve=xattr', '--reflink=auto', '--sparse=auto', '-x'] as const;

/** Throws MSP_FILE_UNWRITABLE when there is something at `target`, or no directory to hold it. */
export async function refuseTarget(target: string): Promise<void> {
  if (await pathExists(target)) throw fail('MSP_FILE_UNWRITABLE', { path: target, problem: 'it exists already' });
  const parent = dirname(target);
  const held = await stat(parent).catch(() => null);
  if (held?.isDirectory() !== true) {
    throw fail('MSP_FILE_UNWRITABLE', { path: target, problem: `${parent} is no directory` });
  }
}

/**
 * A faithful copy of the tree `source` (of its own file system only) as the new directory `target`: two copies side
 * by side where no hard link is cut by it. Not synced; on failure half a tree stays at `target`.
 * Throws MSP_TREE_HAS_MOUNTS, MSP_FILE_UNWRITABLE.
 */
export async function copyTree(source: string, target: string, run: RunTool, signal?: AbortSignal): Promise<void> {
  await refuseTarget(target);
  await refuseMounts(source, { itself: false });
  const options = { cwd: source, ...(signal === undefined ? {} : { signal }) };
  const { stdout } = await run('find', ['.', '-xdev', '-mindepth', '1', '-printf', copyScanFormat], options);
  const plan = planCopy(stdout);
  if (plan === null) {
    await run('cp', [...copyFlags, '-T', '--', '.', target], options);
    return;
  }
  await makeSkeleton(plan, target);
  const into = `--target-directory=${target}`;
  const copies = plan.parts.map(async (paths) =>
    run('cp', [...copyFlags, '--parents', into, '--', ...paths.map((path) => `./${path}`)], options),
  );
  // Both have to have ended before anyone removes what they made.
  const failed = (await Promise.allSettled(copies)).find((copy) => copy.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  await copyDirectoryAttributes(source, target, ['.', ...plan.skeleton.map((path) => `./${path}`)], run);
}

/** Closed to others until the attributes of the source are set. */
async function makeSkeleton(plan: CopyPlan, target: string): Promise<void> {
  for (const path of ['', ...plan.skeleton]) {
    await mkdir(join(target, path), 0o700);
    await chmod(join(target, path), 0o700);
  }
}
