/** Copies of a tree that are begun beside the step that changes it. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSnapshotStore } from '../../../src/snapshots/open-snapshot-store.ts';
import type { RunTool } from '../../../src/snapshots/run-tool.ts';
import type { SnapshotStore } from '../../../src/snapshots/snapshot-store.ts';
import { diffTrees, listTree, type TreeListing } from '../../support/tree-listing.ts';
import { mountLoopFileSystem } from './loop-file-system.ts';
import { runTool } from './run-tool.ts';
import { keyFor } from './store-suite.ts';
import { changeTree, makeTortureTree } from './torture-tree.ts';

const [base, middle, top] = [keyFor('base'), keyFor('middle'), keyFor('top')];
const light = { light: true } as const;
const soon = { durable: false } as const;

/** What an older layer has below an entry that a newer one made something else of. */
const before = String.raw`cd "$1"; mkdir -p opt/a/bin opt/b usr/lib/new; echo old > opt/a/bin/tool1; echo old > opt/b/c
echo first > usr/lib/new/file; ln usr/lib/new/file usr/lib/new/twin; setfattr -n user.kept -v yes usr/lib/new`;
const after = String.raw`cd "$1"; rm -r opt/a; ln -s ../usr opt/a; rm -r opt/b; echo file > opt/b
rm moved/inner/two; mv usr/lib/new/file usr/lib/new/renamed; rm usr/lib/link; mkdir usr/lib/link; rm -r usr/lib/deep; mkdir usr/lib/deep
echo over > usr/lib/deep/lib1.so; chmod 2711 usr/lib/deep; chown 3:4 .; touch -d '2019-01-01 01:01:01.000000003' .`;

const script = async (text: string, directory: string): Promise<void> =>
  void (await runTool('bash', ['--norc', '-e', '-c', text, 'bash', directory]));

describe('a head start', () => {
  let place: Awaited<ReturnType<typeof mountLoopFileSystem>>;
  let store: SnapshotStore;
  /** Programs that were started, with their arguments. */
  let started: string[];
  let refused: ((words: string) => boolean) | null;
  const pending = async (): Promise<readonly string[]> => readdir(join(place.path, 'snapshots/overlay/pending'));
  const machine = (name: string): string => join(place.path, 'machines', name);

  beforeEach(async () => {
    place = await mountLoopFileSystem('ext4');
    [started, refused] = [[], null];
    const run: RunTool = async (file, args, options) => {
      const words = [file, ...args].join(' ');
      started.push(words);
      return refused?.(words) === true ? Promise.reject(new Error('refused')) : runTool(file, args, options);
    };
    const directory = join(place.path, 'snapshots');
    store = await openSnapshotStore({ directory, driver: 'overlay', privateNamespace: true, run });
    const made = await store.prepare(null, 'base');
    await makeTortureTree(made.path);
    await store.commit(made, base);
    await mkdir(machine(''));
  });
  afterEach(async () => {
    await store.dropCopies();
    // What nobody waits for has to have ended before its file system is gone.
    for (const key of [middle, top]) if (await store.has(key)) await store.verify(key);
    await expect.poll(async () => pending()).toEqual([]);
    await runTool('sync', ['-f', place.path]);
    await place.release();
  });

  async function makeTop(): Promise<TreeListing> {
    const one = await store.prepare(base, 'middle', light);
    await changeTree(one.path);
    await script(before, one.path);
    await store.commit(one, middle, { ...soon, whole: false });
    const other = await store.prepare(middle, 'top');
    await script(after, other.path);
    const wanted = await listTree(other.path);
    await store.commit(other, top, { ...soon, whole: true });
    return wanted;
  }

  const copiesToMachines = (): readonly string[] =>
    started.filter((words) => words.startsWith('cp ') && words.includes(machine('')));

  it('ends in the very tree, without copying it once more', async () => {
    store.expectCopies(machine(''));
    const wanted = await makeTop();
    await store.materialize(top, machine('first'));
    expect(copiesToMachines()).toEqual([]);
    expect(diffTrees(wanted, await listTree(machine('first')))).toEqual([]);
    const view = await store.view(top);
    expect(view.path).toBe(join(place.path, 'snapshots/overlay', top, 'diff'));
    expect(diffTrees(wanted, await listTree(view.path))).toEqual([]);
    await view.release();
    // A machine is nobody else's business, and there is one copy only.
    await script('echo mine > "$1/usr/bin/tool1"; echo mine > "$1/etc/acl"', machine('first'));
    await store.materialize(top, machine('second'));
    expect(copiesToMachines().length).toBeGreaterThan(0);
    expect(diffTrees(wanted, await listTree(machine('second')))).toEqual([]);
    for (const key of [base, middle, top]) await store.verify(key);
  });

  it('is of no use where the machines are on another disk', async () => {
    store.expectCopies('/dev/shm/none');
    const wanted = await makeTop();
    expect(started.filter((words) => words.startsWith('cp ') && words.includes('/copy'))).toEqual([]);
    await store.materialize(top, machine('elsewhere'));
    expect(diffTrees(wanted, await listTree(machine('elsewhere')))).toEqual([]);
  });

  it('that nobody asks for leaves nothing', async () => {
    store.expectCopies(machine(''));
    await store.discard(await store.prepare(base, 'middle', light));
    expect(await pending()).toHaveLength(1);
    await store.dropCopies();
    expect(await pending()).toEqual([]);
  });

  it('of a process that was killed is thrown away by the next, and no living one’s', async () => {
    const dead = join(place.path, 'snapshots/overlay/pending/ahead-dead');
    await mkdir(join(dead, 'copy/usr'), { recursive: true });
    const owner = { pid: process.pid, startTicks: 1, bootId: 'another boot' };
    await writeFile(join(dead, 'owner.json'), JSON.stringify({ owner, needs: base }));
    const writable = await store.prepare(base, 'middle', light);
    expect(await pending()).toHaveLength(3);
    store.expectCopies(machine(''));
    await expect.poll(async () => pending()).not.toContain('ahead-dead');
    expect(await pending()).toHaveLength(2);
    await store.discard(writable);
  });

  for (const [name, isRefused] of [
    ['links', (words: string) => words.includes('--link')],
    ['copy', (words: string) => words.startsWith('cp ') && words.endsWith('/copy')],
    ['patch of the copy', (words: string) => words.startsWith('bash ') && words.includes('/copy ')],
  ] as const) {
    it(`whose ${name} cannot be made only costs time`, async () => {
      store.expectCopies(machine(''));
      refused = isRefused;
      const wanted = await makeTop();
      await store.materialize(top, machine('slowly'));
      expect(started.some(isRefused)).toBe(true);
      expect(diffTrees(wanted, await listTree(machine('slowly')))).toEqual([]);
    });
  }
});
