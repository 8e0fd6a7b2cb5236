import { expect, test } from 'vitest';
import {
  debContentPath,
  debPath,
  selectionPath,
  type PackageSelection,
  type SelectedPackage,
} from '../../../src/model/package-selection.ts';
import { fetchPackages } from '../../../src/steps/fetch-packages.ts';
import { fakeHost, testStep, unreachable, type World } from '../../../src/testing.ts';
import { mirror, sha256 } from './archive-fixture.ts';

const cache = '/var/cache/machinespawn';
const store = `${cache}/packages/debian`;
const other = 'http://mirror.example/debian';

const contents: Readonly<Record<string, string>> = {
  bash: 'the shell',
  libc6: 'the library, which is long',
  nano: 'ed',
};
function selected(name: string, version: string): SelectedPackage {
  const content = contents[name] ?? '';
  return {
    name,
    version,
    arch: 'amd64',
    priority: 'required',
    section: 'misc',
    essential: false,
    preDepends: [],
    depends: [],
    multiArch: null,
    mirror,
    filename: `pool/main/${name}.deb`,
    sizeBytes: content.length,
    sha256: sha256(content),
    stage: 'required',
  };
}
const packages = [selected('bash', '5.2'), selected('libc6', '2.36-9'), selected('nano', '1:7.2-1')];
const selection: PackageSelection = { format: 1, distro: 'debian', suite: 'bookworm', arch: 'amd64', packages };
const textOf = (value: unknown): string => `${JSON.stringify(value)}\n`;
const digest = sha256(textOf(selection));
const input = { selection: digest };
const fileOf = (name: string): string =>
  debPath(store, packages.find((one) => one.name === name) ?? selected(name, '0'));
const urlOf = (name: string, where = mirror): string => `${where}/pool/main/${name}.deb`;
const served = (where = mirror) =>
  Object.fromEntries(Object.entries(contents).map(([name, text]) => [urlOf(name, where), text]));
const chosen = (world: World): void => world.put({ [selectionPath(cache, digest)]: textOf(selection) });
const withFiles =
  (files: Readonly<Record<string, string>>) =>
  (world: World): void => {
    chosen(world);
    world.put(Object.fromEntries(Object.entries(files).map(([name, text]) => [fileOf(name), text])));
  };
const host = fakeHost({ net: served() });
const output = { packages: 3, sizeBytes: Object.values(contents).join('').length };
const contentOf = (name: string): string => debContentPath(store, { sha256: sha256(contents[name] ?? '') });
/** By both names. */
const isWhole = (world: World): void => {
  for (const [name, text] of Object.entries(contents))
    expect([world.read(fileOf(name)), world.read(contentOf(name))]).toEqual([text, text]);
};
const warned =
  (...texts: readonly string[]) =>
  (world: World): void => {
    isWhole(world);
    expect(world.logged).toEqual(texts.map((text) => expect.stringContaining(`warn ${text}`)));
  };

testStep(
  fetchPackages,
  {
    writes: [store],
    accepts: [
      {
        name: 'an empty cache',
        input,
        prepare: chosen,
        host,
        output,
        after: (world) => {
          isWhole(world);
          expect(world.locks).toEqual(['packages-debian']);
        },
      },
      {
        name: 'one after the other',
        input: { ...input, connections: 1 },
        prepare: chosen,
        host,
        output,
        after: isWhole,
      },
      {
        name: 'all there already: nothing is asked for, and nobody waited for',
        input,
        prepare: withFiles(contents),
        output,
        after: (world) => {
          isWhole(world);
          expect(world.locks).toEqual([]);
        },
      },
      {
        name: 'one whose name a file of another archive has: it is kept, and nothing is asked for',
        input,
        prepare: (world) => {
          withFiles({ ...contents, nano: 'of another archive' })(world);
          world.put({ [contentOf('nano')]: contents['nano'] ?? '' });
        },
        output,
        after: isWhole,
      },
      {
        name: 'one that is kept, but damaged',
        input,
        prepare: (world) => {
          withFiles({ ...contents, nano: 'of another archive' })(world);
          world.put({ [contentOf('nano')]: 'ef' });
        },
        host,
        output,
        after: isWhole,
      },
      {
        name: 'some there, some of another content',
        input,
        prepare: withFiles({ bash: 'the shell', libc6: 'another library of that name' }),
        host: fakeHost({ net: { ...served(), [urlOf('bash')]: unreachable } }),
        output,
        after: isWhole,
      },
      {
        name: 'a bad file, and a good one from the next mirror',
        input: { ...input, mirrors: [other], connections: 1 },
        prepare: chosen,
        host: fakeHost({ net: { ...served(other), ...served(), [urlOf('nano')]: 'ab' } }),
        output,
        after: warned('nano 1:7.2-1: '),
      },
      {
        name: 'a mirror that has none of them, one that cannot be reached, and one that has all',
        input: { ...input, mirrors: ['http://down.example', other], connections: 1 },
        prepare: chosen,
        host: fakeHost({
          net: {
            ...served(other),
            ...Object.fromEntries(
              Object.keys(contents).map((name) => [urlOf(name, 'http://down.example'), unreachable]),
            ),
          },
        }),
        output,
        after: isWhole,
      },
      {
        name: 'files that cannot be had, and need not be',
        input: { ...input, optional: true, connections: 1 },
        prepare: chosen,
        host: fakeHost({ net: { ...served(), [urlOf('bash')]: 404 } }),
        output: { packages: 0, sizeBytes: 0 },
        after: (world) =>
          expect(world.logged).toEqual([expect.stringMatching(/^warn done without: bash 5\.2 is in the index, but/u)]),
      },
      {
        name: 'nobody to ask for what need not be',
        input: { ...input, optional: true, offline: true },
        prepare: chosen,
        output: { packages: 0, sizeBytes: 0 },
      },
    ],
    refuses: [
      { name: 'what is no digest', input: { selection: '../../etc/passwd' }, at: 'selection' },
      { name: 'no connections', input: { ...input, connections: 0 }, at: 'connections' },
      { name: 'a mirror that is no address', input: { ...input, mirrors: ['nowhere'] }, at: 'mirrors.0' },
    ],
    fails: [
      { name: 'a list that is gone', input, host, code: 'MSP_SELECTION_MISSING' },
      { name: 'nobody to ask', input: { ...input, offline: true }, prepare: chosen, host, code: 'MSP_OFFLINE' },
      {
        name: 'a list that was changed',
        input,
        prepare: (world) => world.put({ [selectionPath(cache, digest)]: textOf({ ...selection, suite: 'sid' }) }),
        host,
        code: 'MSP_SELECTION_MISSING',
      },
      {
        name: 'a list of another version',
        input: { selection: sha256(textOf({ ...selection, format: 2 })) },
        prepare: (world) =>
          world.put({
            [selectionPath(cache, sha256(textOf({ ...selection, format: 2 })))]: textOf({ ...selection, format: 2 }),
          }),
        host,
        code: 'MSP_SELECTION_MISSING',
      },
      {
        name: 'an index that is newer than the pool',
        input,
        prepare: chosen,
        host: fakeHost({ net: { ...served(), [urlOf('nano')]: 404 } }),
        code: 'MSP_PACKAGE_GONE',
        after: (world) => expect(world.has(fileOf('nano'))).toBe(false),
      },
      {
        name: 'a bad file, again and again',
        input,
        prepare: chosen,
        host: fakeHost({ net: { ...served(), [urlOf('libc6')]: 'the library, which is bad.' } }),
        code: 'MSP_PACKAGE_CORRUPT',
        after: (world) => expect(world.has(fileOf('libc6'))).toBe(false),
      },
      {
        name: 'a file of another size, from every mirror',
        input: { ...input, mirrors: [other] },
        prepare: chosen,
        host: fakeHost({ net: { ...served(), [urlOf('bash')]: 'x', [urlOf('bash', other)]: 404 } }),
        code: 'MSP_PACKAGE_CORRUPT',
      },
      {
        name: 'no network',
        input,
        prepare: chosen,
        host: fakeHost({ net: { ...served(), [urlOf('bash')]: unreachable } }),
        code: 'MSP_NETWORK',
      },
      {
        name: 'a server in trouble',
        input: { ...input, connections: 1 },
        prepare: chosen,
        host: fakeHost({ net: { ...served(), [urlOf('bash')]: 503 } }),
        code: 'MSP_HTTP_STATUS',
      },
      {
        name: 'a full disk, also for what need not be',
        input: { ...input, optional: true },
        prepare: chosen,
        host: { ...host, freeBytes: 20 },
        code: 'MSP_SPACE_LOW',
      },
      { name: 'a full disk', input, prepare: chosen, host: { ...host, freeBytes: 20 }, code: 'MSP_SPACE_LOW' },
    ],
  },
  test,
);

test('fetch-packages: the same packages are the same, wherever they come from', () => {
  const identity = (more: object) => fetchPackages.identity?.(fetchPackages.input.parse({ ...input, ...more }));
  expect(identity({ mirrors: [other], connections: 2, proxy: 'http://proxy.example' })).toEqual(identity({}));
});

test('fetch-packages: that they could not be had is forgotten with the run', () => {
  expect(fetchPackages.isKept?.({ packages: 0, sizeBytes: 0 })).toBe(false);
  expect(fetchPackages.isKept?.(output)).toBe(true);
});

test('a package is called as debootstrap calls it in its cache', () => {
  expect(fileOf('nano')).toBe(`${store}/nano_1%3a7.2-1_amd64.deb`);
});
