import { chmod, link, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diffTrees, listTree } from '../../support/tree-listing.ts';

describe('the comparer of trees', () => {
  let scratch: string;
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'machinespawn-listing-'));
    for (const side of ['one', 'two']) {
      const top = join(scratch, side);
      await mkdir(join(top, 'dir'), { recursive: true });
      await writeFile(join(top, 'dir/file'), 'text');
      await link(join(top, 'dir/file'), join(top, 'twin'));
      await symlink('dir/file', join(top, 'link'));
      await writeFile(join(top, 'new\nline "and" \\blank'), '');
      await writeFile(Buffer.concat([Buffer.from(`${top}/latin`), Buffer.from([0xe9])]), '');
      await even(top);
    }
  });
  afterEach(async () => rm(scratch, { recursive: true }));

  async function even(top: string): Promise<void> {
    const { execFileSync } = await import('node:child_process');
    execFileSync('find', [top, '-exec', 'touch', '-h', '-d', '2020-01-01', '{}', '+']);
  }

  async function differences(): Promise<readonly string[]> {
    return diffTrees(await listTree(join(scratch, 'one')), await listTree(join(scratch, 'two')));
  }

  it('finds equal trees equal and lists odd names', async () => {
    expect(await differences()).toEqual([]);
    const listing = await listTree(join(scratch, 'one'));
    expect(listing.size).toBe(7);
    expect(listing.get('./new\nline "and" \\blank')).toMatchObject({ type: 'f', size: 0 });
    expect(listing.get(String.raw`./latin\xe9`)).toMatchObject({ type: 'f' });
    expect(listing.get('./twin')).toMatchObject({
      linkedWith: './dir/file',
      mtime: expect.stringMatching(/^1577836800\.0+$/u) as string,
    });
    expect(listing.get('./link')).toMatchObject({ type: 'l', linkTarget: 'dir/file' });
  });

  it('names each kind of difference', async () => {
    const top = join(scratch, 'two');
    await rm(join(top, 'twin'));
    await writeFile(join(top, 'twin'), 'next');
    await rm(join(top, 'link'));
    await symlink('elsewhere', join(top, 'link'));
    await writeFile(join(top, 'more'), '');
    await chmod(join(top, 'dir'), 0o700);
    await even(top);
    await utimes(join(top, 'dir/file'), 1, 1);
    const lines = await differences();
    expect(lines).toEqual(
      expect.arrayContaining([
        'only in the second: ./more',
        './dir: mode "755" / "700"',
        './link: linkTarget "dir/file" / "elsewhere"',
        './twin: linkedWith "./dir/file" / null',
        expect.stringContaining('./twin: sha256 '),
        expect.stringContaining('./dir/file: mtime '),
      ]),
    );
    expect(lines).toHaveLength(8);
  });
});
