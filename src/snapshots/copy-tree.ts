import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { copyDirectoryAttributes } from './copy-directory-attributes.ts';
import { type CopyGroup, type CopyPlan, CopyScan, copyScanFormat } from './copy-plan.ts';
import { refuseMounts } from './mount-table.ts';
import { pathExists } from './path-exists.ts';
import type { RunTool } from './run-tool.ts';

// -a alone passes over extended attributes that cannot be written; file capabilities are among them.
export const copyFlags = ['-a', '--preserve=xattr', '--reflink=auto', '--sparse=auto', '-x'] as const;

/** Throws MSP_FILE_UNWRITABLE when there is something at `target`, or no directory to hold it. */
export async function refuseTarget(target: string): Promise<void> {
  if (await pathExists(target)) throw fail('MSP_FILE_UNWRITABLE', { path: target, problem: 'it exists already' });
  const parent = dirname(target);
  const held = await stat(parent).catch(() => null);
  if (held?.isDirectory() !== true) {
    throw fail('MSP_FILE_UNWRITABLE', { path: target, problem: `${parent} is no directory` });
  }
}

/** The directories that an overlay shows as one tree. */
export interface LayersOfTree {
  readonly base: string;
  readonly uppers: readonly string[];
}

export interface CopyTreeOptions {
  readonly signal?: AbortSignal;
  /** What `source` is put together from: parts that only the base has are copied from there, past overlayfs. */
  readonly layers?: LayersOfTree;
}

/**
 * A faithful copy of the tree `source` (of its own file system only) as the new directory `target`: two copies side
 * by side where no hard link is cut by it. Not synced; on failure half a tree stays at `target`.
 * Throws MSP_TREE_HAS_MOUNTS, MSP_FILE_UNWRITABLE.
 */
export async function copyTree(
  source: string,
  target: string,
  run: RunTool,
  { signal, layers }: CopyTreeOptions = {},
): Promise<void> {
  await refuseTarget(target);
  await refuseMounts(source, { itself: false });
  const options = { cwd: source, ...(signal === undefined ? {} : { signal }) };
  const scan = new CopyScan();
  await run('find', ['.', '-xdev', '-mindepth', '1', '-printf', copyScanFormat], {
    ...options,
    onBytes: (bytes) => scan.push(bytes),
  });
  const plan = scan.plan();
  if (plan === null) {
    await run('cp', [...copyFlags, '-T', '--', '.', target], options);
    return;
  }
  await makeSkeleton(plan, target);
  const isTouched = layers === undefined ? () => true : await readTouched(layers, run);
  const copies = plan.parts.flatMap((groups) => {
    const [touched, untouched] = [groups.filter((g) => g.some(isTouched)), groups.filter((g) => !g.some(isTouched))];
    return [
      copyGroups(touched, source, target, run, signal),
      copyGroups(untouched, layers?.base ?? source, target, run, signal),
    ];
  });
  // All have to have ended before anyone removes what they made.
  const failed = (await Promise.allSettled(copies)).find((copy) => copy.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  await copyDirectoryAttributes(source, target, ['.', ...plan.skeleton.map((path) => `./${path}`)], run);
}

async function copyGroups(
  groups: readonly CopyGroup[],
  source: string,
  target: string,
  run: RunTool,
  signal: AbortSignal | undefined,
): Promise<void> {
  await copyEntries(groups.flat(), source, target, run, signal);
}

/** Faithful copies of entries (paths relative to both trees) into `target`, which holds the directories they are in. */
export async function copyEntries(
  entries: readonly string[],
  source: string,
  target: string,
  run: RunTool,
  signal?: AbortSignal,
): Promise<void> {
  if (entries.length === 0) return;
  const paths = entries.map((path) => `./${path}`);
  const options = { cwd: source, ...(signal === undefined ? {} : { signal }) };
  await run('cp', [...copyFlags, '--parents', `--target-directory=${target}`, '--', ...paths], options);
}

/** Tells whether an upper layer has anything to say about a path, or about what is below it. */
async function readTouched({ uppers }: LayersOfTree, run: RunTool): Promise<(path: string) => boolean> {
  const touched = new Set<string>();
  for (const upper of uppers) {
    const { stdout } = await run('find', ['.', '-xdev', '-mindepth', '1', '-printf', String.raw`%P\0`], { cwd: upper });
    for (const path of stdout.split('\0')) {
      for (let at = path; at !== '' && !touched.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf('/'))))
        touched.add(at);
    }
  }
  return (path) => touched.has(path);
}

/** Closed to others until the attributes of the source are set. */
async function makeSkeleton(plan: CopyPlan, target: string): Promise<void> {
  for (const path of ['', ...plan.skeleton]) {
    await mkdir(join(target, path), 0o700);
    await chmod(join(target, path), 0o700);
  }
}
