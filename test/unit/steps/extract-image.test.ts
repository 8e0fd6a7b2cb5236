import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { extractImage } from '../../../src/steps/extract-image.ts';
import { fakeHost, prints, testStep, type Program, type World } from '../../../src/testing.ts';
import { digestOf, downloads, pulled, putDownload } from './pull-fixture.ts';

/** What the shell does to bring a tree into its place. */
const arrange: Program = function* arrange({ args, world }) {
  const [, , , path = '', hidden = '', top = ''] = args;
  const root = world.real(path);
  yield;
  const names = readdirSync(root);
  if (top === '') {
    mkdirSync(join(root, hidden));
    for (const name of names) renameSync(join(root, name), join(root, hidden, name));
    return;
  }
  renameSync(join(root, top), join(root, hidden));
  for (const name of readdirSync(join(root, hidden))) renameSync(join(root, hidden, name), join(root, name));
  rmdirSync(join(root, hidden));
};
const host = fakeHost({ programs: { du: prints('4096\t/x'), sh: arrange, find: prints('detc\0\0dopt\0\0') } });

const plain = 'tar {"etc/os-release":"ID=x","bin/sh":"sh"}';
const single = 'gzip tar {"rootfs/etc/os-release":"ID=x","rootfs/bin/sh":"sh"}';
const merged = 'tar {"usr/lib/os-release":"ID=x","usr/bin/sh":"sh"}';
const lower = 'tar {"etc/a":"a","etc/b":"b","opt/x":"x"}';
const upper = 'gzip tar {"etc/.wh.a":"","opt/.wh..wh..opq":"","opt/y":"y"}';
const manifest = JSON.stringify({ layers: [lower, upper].map((text) => ({ digest: `sha256:${digestOf(text)}` })) });
const blobs = Object.fromEntries([lower, upper, manifest].map((text) => [`blobs/sha256/${digestOf(text)}`, text]));
const platform = { os: 'linux', architecture: 'amd64' };
const index = { manifests: [{ digest: `sha256:${digestOf(manifest)}`, platform }] };
const oci = `tar ${JSON.stringify({ 'oci-layout': '{}', 'index.json': JSON.stringify(index), ...blobs })}`;
const docker = `tar ${JSON.stringify({ 'manifest.json': '[{"Layers":["a/layer.tar"]}]', 'a/layer.tar': lower })}`;
/** Its layers, as docker saves them. */
const layered = (...layers: readonly string[]): string => {
  const names = layers.map((_, number) => `${number}/layer.tar`);
  const files = Object.fromEntries(layers.map((text, number) => [names[number], text]));
  return `tar ${JSON.stringify({ 'manifest.json': JSON.stringify([{ Layers: names }]), ...files })}`;
};
const saved = (files: Readonly<Record<string, string>>): string =>
  `tar ${JSON.stringify({ 'oci-layout': '{}', ...files })}`;

const given = (text: string) => ({
  input: { image: pulled(text), compression: 'none' } as const,
  prepare: (world: World) => putDownload(world, text),
  host,
});
const output = (world: World, entries: number, layout: 'plain' | 'directory' | 'oci' | 'docker') => ({
  tree: world.committed[0] ?? '',
  entries,
  sizeBytes: 4096,
  layout,
});
const inTree = (world: World, path: string): string | null =>
  world.read(`/var/cache/machinespawn/trees/${world.committed[0] ?? ''}${path}`);
const isGone = (text: string) => (world: World) =>
  expect(existsSync(world.real(`${downloads}/${digestOf(text)}`))).toBe(false);

const up = 'tar {"../x":"x"}';
const otherManifest = JSON.stringify({ layers: [{ digest: `sha256:${digestOf(lower)}` }] });
const indexOf = (...manifests: readonly string[]): string =>
  JSON.stringify({ manifests: manifests.map((text) => ({ digest: `sha256:${digestOf(text)}`, platform })) });
const two = saved({ 'index.json': indexOf(manifest, otherManifest), ...blobs });
/** As docker saves an image with two tags. */
const twoTags = saved({ 'index.json': indexOf(manifest, manifest), ...blobs });
const inner = indexOf(manifest);
const nested = (text: string): string =>
  saved({ 'index.json': indexOf(inner), [`blobs/sha256/${digestOf(inner)}`]: text, ...blobs });
const forged = saved({
  'index.json': indexOf(manifest),
  ...blobs,
  [`blobs/sha256/${digestOf(manifest)}`]: otherManifest,
});

testStep(
  extractImage,
  {
    accepts: [
      {
        name: 'a plain tree',
        ...given(plain),
        output: (world) => output(world, 2, 'plain'),
        after: (world) => expect(inTree(world, '/etc/os-release')).toBe('ID=x'),
      },
      {
        name: 'a single directory',
        ...given(single),
        output: (world) => output(world, 2, 'directory'),
        after: (world) => expect(inTree(world, '/etc/os-release')).toBe('ID=x'),
      },
      {
        name: 'a /usr alone, which is no directory around a root file system',
        ...given(merged),
        output: (world) => output(world, 2, 'plain'),
        after: (world) => expect(inTree(world, '/usr/lib/os-release')).toBe('ID=x'),
      },
      {
        name: 'a stripped one',
        ...given(single),
        input: { ...given(single).input, strip: 1 },
        output: (world) => output(world, 2, 'plain'),
        after: (world) => expect(inTree(world, '/etc/os-release')).toBe('ID=x'),
      },
      {
        name: 'docker save',
        ...given(docker),
        output: (world) => output(world, 3, 'docker'),
        after: (world) => expect(inTree(world, '/etc/a')).toBe('a'),
      },
      {
        name: 'an OCI image, with what its upper layer deletes',
        ...given(oci),
        output: (world) => output(world, 4, 'oci'),
        after: (world) => {
          expect(inTree(world, '/etc/a')).toBe(null);
          expect(inTree(world, '/etc/b')).toBe('b');
          expect(inTree(world, '/opt/x')).toBe(null);
          expect(inTree(world, '/opt/y')).toBe('y');
        },
      },
      ...[
        { name: 'one image with two tags', text: twoTags },
        { name: 'an index within the index', text: nested(inner) },
      ].map(({ name, text }) => ({
        name,
        ...given(text),
        output: (world: World) => output(world, 4, 'oci'),
        after: (world: World) => expect(inTree(world, '/opt/y')).toBe('y'),
      })),
    ],
    fails: [
      {
        name: 'a damaged archive is not kept',
        ...given('gzip damaged'),
        code: 'MSP_TAR_DAMAGED',
        after: isGone('gzip damaged'),
      },
      { name: 'an unsafe one is not kept', ...given(up), code: 'MSP_TAR_UNSAFE', after: isGone(up) },
      { name: 'an empty one', ...given('tar {}'), code: 'MSP_TAR_DAMAGED' },
      {
        name: 'an empty one that is stripped',
        ...given('tar {}'),
        input: { ...given('tar {}').input, strip: 2 },
        code: 'MSP_TAR_DAMAGED',
      },
      {
        name: 'one of which nothing is left is kept',
        ...given(single),
        input: { ...given(single).input, strip: 9 },
        code: 'MSP_USAGE',
        after: (world) => expect(existsSync(world.real(`${downloads}/${digestOf(single)}`))).toBe(true),
      },
      { name: 'two images', ...given(two), code: 'MSP_OCI_UNUSABLE' },
      { name: 'a manifest that is another', ...given(forged), code: 'MSP_TAR_DAMAGED', after: isGone(forged) },
      {
        name: 'an inner index that is another',
        ...given(nested(indexOf(otherManifest))),
        code: 'MSP_TAR_DAMAGED',
      },
      {
        name: 'a layer is missing',
        ...given(saved({ 'index.json': JSON.stringify(index) })),
        code: 'MSP_OCI_UNUSABLE',
      },
      {
        name: 'layers that lead out',
        ...given('tar {"manifest.json":"[{\\"Layers\\":[\\"../../x\\"]}]"}'),
        code: 'MSP_OCI_UNUSABLE',
      },
      ...['.wh.', 'etc/.wh..', 'etc/.wh...', 'a/b/.wh...'].map((mark) => {
        const image = layered(lower, `tar ${JSON.stringify({ [mark]: '' })}`);
        return {
          name: `a layer that deletes what has no name of its own: ${mark}`,
          ...given(image),
          code: 'MSP_TAR_UNSAFE' as const,
          after: isGone(image),
        };
      }),
      {
        name: 'a local file that was changed',
        input: { image: { ...pulled(plain), kind: 'file', path: '/tmp/x', mtimeMs: 1 }, compression: 'none' },
        prepare: (world) => world.put({ '/tmp/x': plain }),
        host,
        code: 'MSP_PULL_CHANGED',
      },
    ],
    writes: [downloads],
  },
  test,
);

test('the tree is known by its bytes, not by its address', () => {
  const identity = (image: ReturnType<typeof pulled>) =>
    extractImage.identity?.(extractImage.input.parse({ image, compression: 'none' }));
  expect(identity(pulled(oci))).toEqual(identity(pulled(oci, 'http://elsewhere.example/x')));
});
