import { afterAll, expect, test } from 'vitest';
import { TreeFiles } from '../../../../src/host/root-files.ts';
import type { TarFile } from '../../../../src/model/tar-file.ts';
import { placeNativeTwins } from '../../../../src/steps/lib/native-twins.ts';
import { directories, World, type FileSpec } from '../../../../src/testing/world.ts';
import { runPlainly } from '../../host/scratch.ts';
import { foreignFiles, nativeFiles } from '../twin-fixture.ts';

const world = World.create();
afterAll(() => world.destroy());

type Files = Readonly<Record<string, FileSpec>>;

/** Real trees; what it writes to scratch is kept apart. */
async function place(native: Files, foreign: Files) {
  const written: TarFile[] = [];
  const treeOf = (files: Files) => {
    const path = world.real(`${directories.trees}/${world.tree(files)}`);
    return { path, root: new TreeFiles(path, runPlainly) };
  };
  const debs = {
    unpack: () => Promise.reject(new TypeError('nothing is unpacked')),
    write: async (files: readonly TarFile[]) => void written.push(...(await Promise.resolve(files))),
  };
  const tree = treeOf(foreign);
  const twins = await placeNativeTwins({ debs, directories }, treeOf(native), tree);
  const bound = (twins?.fstab ?? '').split('\n').flatMap((line) => line.split(' ')[1]?.replace(tree.path, '') ?? []);
  return { twins, bound, written: written.map(({ path }) => path), tree };
}

test('native programs are those of the same versions; what says the architecture is none of them', async () => {
  const { twins, bound, written, tree } = await place(nativeFiles('1'), foreignFiles(''));
  expect(twins).toMatchObject({ places: ['/usr/lib/x86_64-linux-gnu'], programs: 3 });
  expect(bound).toEqual([
    ...['/usr/lib/x86_64-linux-gnu', '/.machinespawn/dpkg.foreign', '/usr/bin/dpkg-divert', '/usr/bin/ls'],
    ...['/usr/bin/dash', '/usr/bin/dpkg'],
  ]);
  expect(written).not.toContain('native/usr/bin/uname');
  expect(await tree.root.info('/usr/lib/x86_64-linux-gnu')).toMatchObject({ type: 'directory' });
});

test('a package of another version gives none', async () => {
  const status = foreignFiles('')['/var/lib/dpkg/status'] as string;
  const other = status.replace(/(Package: coreutils\n.*\nVersion: )1/u, '$12');
  expect((await place(nativeFiles('1'), { ...foreignFiles(''), '/var/lib/dpkg/status': other })).bound).not.toContain(
    '/usr/bin/ls',
  );
});

for (const name of ['libc6', 'dpkg', 'dash']) {
  test(`nothing is native where ${name} is of another version, or not there`, async () => {
    const status = foreignFiles('')['/var/lib/dpkg/status'] as string;
    const record = new RegExp(`(Package: ${name}\\n.*\\nVersion: )1`, 'u');
    for (const changed of [status.replace(record, '$12'), status.replace(`Package: ${name}\n`, 'Package: other\n')]) {
      const { twins, written } = await place(nativeFiles('1'), {
        ...foreignFiles(''),
        '/var/lib/dpkg/status': changed,
      });
      expect([changed === status, twins, written]).toEqual([false, null, []]);
    }
  });
}

test('nothing is native where the tree has something in the place of the libraries, which stays', async () => {
  const own = { '/usr/lib/x86_64-linux-gnu/own': 'of a package' };
  const { twins, tree } = await place(nativeFiles('1'), { ...foreignFiles(''), ...own });
  expect(twins).toBeNull();
  expect(await tree.root.readText('/usr/lib/x86_64-linux-gnu/own')).toBe('of a package');
});

test('nothing is native where the programs ask for no loader, or for one that is not there', async () => {
  const { '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': _loader, ...without } = nativeFiles('1');
  expect((await place(without, foreignFiles(''))).twins).toBeNull();
  expect((await place({ ...nativeFiles('1'), '/usr/bin/dash': 'a script' }, foreignFiles(''))).twins).toBeNull();
});
