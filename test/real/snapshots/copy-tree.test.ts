import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyTree } from '../../../src/snapshots/copy-tree.ts';
import type { RunTool } from '../../../src/snapshots/run-tool.ts';
import { diffTrees, listTree } from '../../support/tree-listing.ts';
import { runTool } from './run-tool.ts';
import { makePlainTree, makeTortureTree } from './torture-tree.ts';

describe('copyTree', () => {
  let scratch: string;
  let source: string;
  let target: string;
  let copies: (readonly string[])[];
  const counted: RunTool = async (file, args, options) => {
    if (file === 'cp') copies.push(args);
    return runTool(file, args, options);
  };

  beforeEach(async () => {
    scratch = await mkdtemp('/tmp/machinespawn-copy-');
    [source, target, copies] = [join(scratch, 'source, with:odd name'), join(scratch, 'target, too:'), []];
    await mkdir(source);
  });
  afterEach(async () => rm(scratch, { recursive: true, force: true }));

  it('copies in two parts without a trace of the cut', async () => {
    await makePlainTree(source);
    // Enough on both sides of the links that join usr/bin, usr/lib and home.
    for (const name of ['one', 'two', 'three']) await writeFile(join(source, name), Buffer.alloc(2_000_000, name));
    await writeFile(join(source, 'usr/lib/heavy'), Buffer.alloc(6_000_000, 1));
    await runTool('touch', ['-d', '2015-05-05 05:05:05.5', source, join(source, 'usr/lib')]);
    await copyTree(source, target, counted);
    expect(copies).toHaveLength(2);
    expect(copies.map((args) => args.length > 8)).toEqual([true, true]);
    const made = await listTree(target);
    expect(diffTrees(await listTree(source), made)).toEqual([]);
    expect(made.get('./home/perl-farther')?.linkedWith).toBe('./home/perl-farther');
    expect(made.get('./usr/bin/perl5')?.linkedWith).toBe('./home/perl-farther');
    expect(made.get('./usr/lib')?.attributes.join()).toContain('posix_acl_access');
    expect(made.get('.')?.attributes.join()).toContain('user.top');
    const { stdout } = await runTool('du', ['-B1', join(target, 'var/sparse')]);
    expect(Number.parseInt(stdout, 10)).toBeLessThan(100_000);
  });

  it('copies in one part what has names that are no text', async () => {
    await makeTortureTree(source);
    await copyTree(source, target, counted);
    expect(copies).toHaveLength(1);
    expect(diffTrees(await listTree(source), await listTree(target))).toEqual([]);
  });

  it('refuses a tree with something mounted in it', async () => {
    await mkdir(join(source, 'proc'));
    await runTool('mount', ['-t', 'proc', 'proc', join(source, 'proc')]);
    try {
      await expect(copyTree(source, target, counted)).rejects.toMatchObject({ code: 'MSP_TREE_HAS_MOUNTS' });
      expect(copies).toEqual([]);
      expect(await readdir(scratch)).not.toContain('target, too:');
    } finally {
      await runTool('umount', [join(source, 'proc')]);
    }
  });
});
