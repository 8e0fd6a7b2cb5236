import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';

export type LoopFileSystemType = 'ext4' | 'xfs' | 'btrfs';

const makeArguments = { ext4: ['-q', '-F'], xfs: ['-q'], btrfs: ['-q'] } as const;

/** A file system of its own on a loop device that goes with its mount. */
export async function mountLoopFileSystem(
  type: LoopFileSystemType,
): Promise<{ readonly path: string; release(): Promise<void> }> {
  const scratch = await mkdtemp('/tmp/machinespawn-loop-');
  const [image, path] = [join(scratch, 'image'), join(scratch, 'mnt')];
  await mkdir(path);
  await runTool('truncate', ['-s', '1G', image]);
  await runTool(`mkfs.${type}`, [...makeArguments[type], image]);
  await runTool('mount', ['-o', 'loop', '-t', type, image, path]);
  const release = async (): Promise<void> => {
    await runTool('umount', [path]);
    await rm(scratch, { recursive: true, force: true });
  };
  return { path, release };
}
