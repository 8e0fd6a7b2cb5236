import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeTree } from '../../../src/snapshots/remove-tree.ts';
import { mountLoopFileSystem } from './loop-file-system.ts';
import { runTool } from './run-tool.ts';

describe('removeTree', () => {
  let scratch: string;
  let tree: string;
  beforeEach(async () => {
    scratch = await mkdtemp('/tmp/machinespawn-remove-');
    tree = join(scratch, 'tree');
    await mkdir(join(tree, 'inner/deep'), { recursive: true });
    await writeFile(join(tree, 'inner/file'), '');
  });
  afterEach(async () => rm(scratch, { recursive: true, force: true }));

  it('removes trees, files, links as links, and nothing where there is nothing', async () => {
    await writeFile(join(scratch, 'kept'), '');
    await symlink('kept', join(scratch, 'link'));
    for (const name of ['tree', 'link', 'absent']) await removeTree(join(scratch, name), runTool);
    expect(await readdir(scratch)).toEqual(['kept']);
    await removeTree(join(scratch, 'kept'), runTool);
    expect(await readdir(scratch)).toEqual([]);
  });

  it('removes what was made immutable, at the top and below', async () => {
    await runTool('chattr', ['+i', join(tree, 'inner/file'), join(tree, 'inner')]);
    await runTool('chattr', ['+a', tree]);
    await runTool('chattr', ['+i', tree]);
    await removeTree(tree, runTool);
    expect(await readdir(scratch)).toEqual([]);
  });

  it('never reaches into a mount, below or at the top', async () => {
    for (const at of [join(tree, 'inner/deep'), tree]) {
      await runTool('mount', ['-t', 'tmpfs', 'tmpfs', at]);
      await writeFile(join(at, 'precious'), '');
      await expect(removeTree(tree, runTool)).rejects.toMatchObject({
        code: 'MSP_TREE_HAS_MOUNTS',
        data: { path: tree, mounts: [at] },
      });
      expect(await readdir(at)).toEqual(['precious']);
      await runTool('umount', [at]);
    }
    expect(await readdir(scratch)).toEqual(['tree']);
  });

  it('deletes subvolumes in subvolumes, read-only ones too', async () => {
    const place = await mountLoopFileSystem('btrfs');
    const top = join(place.path, 'top');
    await runTool('btrfs', ['subvolume', 'create', top]);
    await mkdir(join(top, 'var/lib'), { recursive: true });
    for (const name of ['var/lib/machines', 'var/lib/machines/one']) {
      await runTool('btrfs', ['subvolume', 'create', join(top, name)]);
      await writeFile(join(top, name, 'file'), '');
    }
    for (const name of ['var/lib/machines/one', '']) {
      await runTool('btrfs', ['property', 'set', '-t', 'subvol', join(top, name), 'ro', 'true']);
    }
    await removeTree(top, runTool);
    expect(await readdir(place.path)).toEqual([]);
    expect((await runTool('btrfs', ['subvolume', 'list', place.path])).stdout).toBe('');
    await place.release();
  });
});
