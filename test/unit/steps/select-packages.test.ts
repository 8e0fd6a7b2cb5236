import { expect, test } from 'vitest';
import { PackagesIndex } from '../../../src/model/packages-index.ts';
import { selectionPath, type PackageSelection } from '../../../src/model/package-selection.ts';
import { selectPackages } from '../../../src/steps/select-packages.ts';
import { exits, fakeHost, testStep, unreachable, type Answer, type World } from '../../../src/testing.ts';
import { paragraph } from '../model/package-universe-fixture.ts';
import { mirror, sha256 } from './archive-fixture.ts';
import { archiveOf, packages, pretendSuite, unpacker, type SuiteOptions } from './packages-fixture.ts';

const cache = '/var/cache/machinespawn';
const programs = { xz: unpacker, gzip: unpacker, cat: unpacker };
const main = pretendSuite();
const host = fakeHost({ programs, net: main.net });
const input = { archive: archiveOf(main.inReleaseDigest), arch: 'amd64', variant: 'minbase' } as const;
const minbase = ['apt', 'base-files', 'libc6', 'mawk', 'usr-is-merged'];
const kept = (digest: string): string => `${cache}/lists/indexes/${digest}.index-2`;
const digestOf = (paragraphs: readonly string[]): string => sha256(paragraphs.join('\n'));

function chosen(world: World): PackageSelection {
  const names = [...world.listing().keys()];
  const path = names.find((name) => name.includes('/lists/selections/') && name.endsWith('.json'));
  return JSON.parse(world.read(path ?? '') ?? '') as PackageSelection;
}

/** What the step gives for packages of 100 bytes each, whatever the digest. */
const outputOf = (count: number) => (world: World) => ({
  selection: sha256(`${JSON.stringify(chosen(world))}\n`),
  packages: count,
  downloadBytes: 100 * count,
});
const holds =
  (...names: readonly string[]) =>
  (world: World, output: { readonly selection: string | null }) => {
    expect(world.has(selectionPath(cache, output.selection ?? ''))).toBe(true);
    expect(chosen(world).packages.map(({ name }) => name)).toEqual(names);
  };

/** Another way in which the archive serves the same list. */
function served(
  name: string,
  options: SuiteOptions,
  net: (suite: ReturnType<typeof pretendSuite>) => Record<string, Answer> = ({ net: all }) => all,
) {
  const suite = pretendSuite(options);
  return {
    name,
    input: { ...input, archive: archiveOf(suite.inReleaseDigest) },
    host: fakeHost({ programs, net: net(suite) }),
  };
}

const optional = <T extends { readonly input: object }>(one: T) => ({
  ...one,
  input: { ...one.input, optional: true },
});
const without = (why: string) => ({
  output: { selection: null, packages: 0, downloadBytes: 0 },
  after: (world: World) => {
    expect(world.logged).toEqual([expect.stringContaining('warn done without: ')]);
    expect(world.logged[0]).toContain(why);
  },
});

const noXz = fakeHost({ programs: { xz: exits(1, 'xz: (stdin): File format not recognized') }, net: main.net });
const updates = pretendSuite({ suite: 'bookworm-security', paragraphs: [paragraph('libc6', '2.36-9+deb12u1', {})] });
const security = { suite: 'bookworm-security', mirror, inReleaseDigest: updates.inReleaseDigest };
const many = Array.from({ length: 7 }, (_, number) => kept(String(number).repeat(64)));

testStep(
  selectPackages,
  {
    writes: [`${cache}/lists`],
    accepts: [
      {
        name: 'the smallest base',
        input,
        host,
        output: outputOf(5),
        after: (world, output) => {
          holds(...minbase)(world, output);
          expect(chosen(world)).toMatchObject({ format: 1, distro: 'debian', suite: 'bookworm', arch: 'amd64' });
          expect(world.read(kept(digestOf(packages)))).toMatch(/"digest":"[0-9a-f]{64}"\} +\n$/u);
        },
      },
      {
        name: 'more packages, and fewer',
        input: { ...input, variant: 'default', include: ['nano'], exclude: ['apt', 'libc6'] },
        host,
        output: outputOf(5),
        after: (world, output) => {
          holds('base-files', 'libc6', 'mawk', 'nano', 'usr-is-merged')(world, output);
          expect(world.logged).toEqual(['warn libc6 is not left out: another package needs it']);
        },
      },
      {
        name: 'only some of them, and what they need',
        input: { ...input, only: ['mawk', 'hyperdrive'] },
        host,
        output: outputOf(2),
        after: holds('libc6', 'mawk'),
      },
      {
        name: 'a newer version from another suite',
        input: { ...input, suites: [security] },
        host: fakeHost({ programs, net: { ...main.net, ...updates.net } }),
        output: outputOf(5),
        after: (world) => {
          expect(chosen(world).packages.find(({ name }) => name === 'libc6')?.version).toBe('2.36-9+deb12u1');
        },
      },
      { ...served('a list without by-hash', { byHash: false }), output: outputOf(5) },
      { ...served('a list packed by gzip', { ending: '.gz' }), output: outputOf(5) },
      { ...served('a list that is not packed', { ending: '' }), output: outputOf(5) },
      {
        ...served('a mirror that says by-hash and does not have it', {}, ({ net, listUrl }) => ({
          ...net,
          [listUrl]: 404,
          [`${mirror}/dists/bookworm/main/binary-amd64/Packages.xz`]: net[listUrl] ?? 404,
        })),
        output: outputOf(5),
      },
      {
        name: 'a list that was read before, the archive having lost it',
        input,
        prepare: (world) => keepList(world, packages),
        host: fakeHost({ programs, net: { ...main.net, [main.listUrl]: 404 } }),
        output: outputOf(5),
        after: (world) => expect(world.commands).toEqual([]),
      },
      {
        name: 'a list that was read before and is damaged',
        input,
        prepare: (world) => {
          keepList(world, packages);
          const path = kept(digestOf(packages));
          world.put({ [path]: (world.read(path) ?? '').replace('Package: mawk', 'Package: evil') });
        },
        host,
        output: outputOf(5),
        after: (world, output) => {
          holds(...minbase)(world, output);
          expect(world.logged).toEqual([expect.stringMatching(/^warn .* is damaged: the list is read anew$/u)]);
        },
      },
      {
        name: 'many lists of other days',
        input,
        prepare: (world) => world.put(Object.fromEntries(many.map((path) => [path, 'x']))),
        host,
        output: outputOf(5),
        after: (world) => expect(many.filter((path) => world.has(path))).toHaveLength(5),
      },
      {
        ...optional(
          served('a list that is not there and need not be', { byHash: false }, ({ net, listUrl }) => ({
            ...net,
            [listUrl]: 404,
          })),
        ),
        ...without('Packages.xz is in the signed index, and the mirror does not have it'),
      },
      {
        ...optional({
          name: 'an architecture that the archive need not have',
          input: { ...input, arch: 'arm64' },
          host,
        }),
        ...without('bookworm at http://deb.debian.org/debian has no '),
      },
      {
        ...optional({ name: 'nobody to ask for what need not be', input: { ...input, offline: true }, host }),
        ...without('--offline: '),
      },
      { ...optional({ name: 'what need not be, and is', input, host }), output: outputOf(5) },
    ],
    refuses: [
      { name: 'what is no name of a package', input: { ...input, include: ['nano', 'No'] }, at: 'include.1' },
      { name: 'an unknown variant', input: { ...input, variant: 'maxbase' }, at: 'variant' },
    ],
    fails: [
      {
        name: 'an archive that was updated since',
        input: { ...input, archive: archiveOf('0'.repeat(64)) },
        host,
        code: 'MSP_ARCHIVE_CHANGED',
      },
      { name: 'a suite that is gone', input, host: fakeHost({ programs }), code: 'MSP_SUITE_NOT_FOUND' },
      { name: 'nobody to ask', input: { ...input, offline: true }, host, code: 'MSP_OFFLINE' },
      {
        name: 'another suite that was updated since',
        input: { ...input, suites: [{ ...security, inReleaseDigest: '1'.repeat(64) }] },
        host: fakeHost({ programs, net: { ...main.net, ...updates.net } }),
        code: 'MSP_ARCHIVE_CHANGED',
      },
      {
        name: 'an archive without that architecture',
        input: { ...input, arch: 'arm64' },
        host,
        code: 'MSP_ARCHIVE_LACKS',
      },
      {
        ...served('a list with another digest', { digest: 'a'.repeat(64) }),
        code: 'MSP_INDEX_CORRUPT',
      },
      {
        ...served('a list that is not there', { byHash: false }, ({ net, listUrl }) => ({ ...net, [listUrl]: 404 })),
        code: 'MSP_PACKAGES_MISSING',
      },
      {
        ...served('no network', {}, ({ net, listUrl }) => ({ ...net, [listUrl]: unreachable })),
        code: 'MSP_NETWORK',
      },
      {
        name: 'a list that cannot be unpacked',
        input,
        host: noXz,
        code: 'MSP_TOOL_FAILED',
      },
      {
        ...optional({ name: 'a tool that fails, also for what need not be', input, host: noXz }),
        code: 'MSP_TOOL_FAILED',
      },
      {
        name: 'a package that there is not',
        input: { ...input, include: ['nanoo'] },
        host,
        code: 'MSP_PACKAGE_UNKNOWN',
      },
      {
        name: 'a version that there is not',
        input: { ...input, include: ['nano=9'] },
        host,
        code: 'MSP_PACKAGE_VERSION_UNKNOWN',
      },
      { name: 'what only apt finds', input: { ...input, include: ['?essential'] }, host, code: 'MSP_USAGE' },
      { name: 'two versions of one', input: { ...input, include: ['nano=7', 'nano=8'] }, host, code: 'MSP_USAGE' },
      {
        ...served('a dependency that no version satisfies', {
          paragraphs: [...packages, paragraph('tool', '1', { Priority: 'required', Depends: 'libc6 (>= 3)' })],
        }),
        code: 'MSP_DEPENDENCY_UNMET',
      },
      {
        ...served('packages that cannot be together', {
          paragraphs: [...packages, paragraph('gawk', '1', { Priority: 'required', Conflicts: 'mawk' })],
        }),
        code: 'MSP_PACKAGES_CONFLICT',
      },
      {
        ...served('a damaged field', {
          paragraphs: [...packages, paragraph('dash', '1', { Priority: 'required', Size: 'x' })],
        }),
        code: 'MSP_PACKAGES_INVALID',
      },
    ],
  },
  test,
);

/** As the step keeps it. */
function keepList(world: World, paragraphs: readonly string[]): void {
  const index = new PackagesIndex();
  index.push(Buffer.from(`${paragraphs.join('\n')}\n`));
  index.end();
  const { places, providers, ...rest } = index.table();
  const head = Buffer.from(JSON.stringify(rest));
  const content = Buffer.concat([...index.parts(), places, providers, head]);
  const lengths = { head: head.length, places: places.length, providers: providers.length };
  const ending = JSON.stringify({ ...lengths, digest: sha256(content.toString()) }).padEnd(511);
  world.put({ [kept(digestOf(paragraphs))]: `${content.toString()}${ending}\n` });
}

test('select-packages: what is chosen from does not hang on the proxy, nor on the order of names', () => {
  const identity = (more: object) => selectPackages.identity?.(selectPackages.input.parse({ ...input, ...more }));
  expect(identity({ proxy: 'http://proxy.example', include: ['b0', 'a0', 'b0'] })).toEqual(
    identity({ include: ['a0', 'b0'] }),
  );
  expect(identity({ archive: archiveOf('1') })).not.toEqual(identity({}));
  expect(identity({ suites: [security] })).not.toEqual(identity({}));
});

test('select-packages: that there was none is forgotten with the run', () => {
  const isKept = (selection: string | null) => selectPackages.isKept?.({ selection, packages: 0, downloadBytes: 0 });
  expect([isKept(null), isKept('a'.repeat(64))]).toEqual([false, true]);
});
