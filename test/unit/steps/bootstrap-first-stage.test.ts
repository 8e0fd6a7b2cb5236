import { expect, test } from 'vitest';
import { bootstrapFirstStage } from '../../../src/steps/bootstrap-first-stage.ts';
import { fakeHost, testStep, type FakeHost, type Program, type World } from '../../../src/testing.ts';
import { archive, inRelease, keyring, mirror } from './archive-fixture.ts';

const scripts = '/usr/share/debootstrap/scripts';
const cache = '/var/cache/machinespawn/packages/debian';
const lists = '/var/lib/apt/lists/deb.debian.org_debian_dists';

/** As debootstrap does it: a package counts only under its real name, and the host's name gets into the tree. */
const debootstrap = (index = inRelease(), codename = 'bookworm'): Program =>
  function* program({ args, world, status }) {
    const at = args.findIndex((argument) => argument.startsWith('--cache-dir='));
    const store = args[at]?.slice('--cache-dir='.length);
    const target = args[at + 2];
    world.put({ [`${target}${lists}_${codename}_InRelease`]: index });
    status('P: 0 100 DOWNDEBS');
    yield;
    for (const name of ['bash_5.2_amd64.deb', 'dpkg_1.21_amd64.deb']) {
      if (world.has(`${store}/${name}`)) continue;
      world.put({ [`${store}/partial/${name}`]: 'half' });
      yield;
      world.put({ [`${store}/${name}`]: 'whole' });
      world.remove(`${store}/partial/${name}`);
      yield;
    }
    world.put({
      [`${target}/bin/bash`]: 'bash',
      [`${target}/etc/hostname`]: 'host\n',
      [`${target}/etc/resolv.conf`]: 'nameserver 10.0.0.1\n',
    });
    yield;
    world.put({
      [`${target}/debootstrap/debpaths`]:
        'bash /var/cache/apt/archives/bash.deb\ndpkg /var/cache/apt/archives/dpkg.deb\n',
    });
    return undefined;
  };

/** Cannot go on through a proxy that has died; what it has fetched until then is there. */
const whileProxyDies: Program = function* program(call) {
  if (call.env['http_proxy'] === undefined) return yield* debootstrap()(call);
  const [store, target] = [call.args.find((word) => word.startsWith('--cache-dir='))?.slice(12), call.args.at(-2)];
  call.world.put({ [`${store}/bash_5.2_amd64.deb`]: 'whole' });
  yield;
  call.world.put({ [`${target}/debootstrap/debpaths`]: 'bash half\n', [`${target}/debootstrap/old`]: 'x' });
  for (const line of ['E: COULDNTDLPKGS', 'EA: dpkg', "EF: Couldn't download packages: %s"]) call.status(line);
  return 1;
};
const indexUrl = `${mirror}/dists/bookworm/InRelease`;

/** Fails with the code on its status descriptor, after having filled half a tree. */
const failing = (...lines: readonly string[]): Program =>
  function* program({ args, world, status }) {
    world.put({ [`${args.at(-2)}/bin/bash`]: 'ba' });
    yield;
    for (const line of lines) status(line);
    return 1;
  };
const host = fakeHost({ programs: { debootstrap: debootstrap() } });
const failed = (...lines: readonly string[]): FakeHost => fakeHost({ programs: { debootstrap: failing(...lines) } });

const input = { archive, arch: 'amd64', debootstrap: '1.0.128' } as const;
const prepare = { prepare: (world: World): void => world.put({ [`${scripts}/bookworm`]: '' }) };
const result = (world: World) => ({ tree: world.committed.at(-1) ?? '', packages: 2 });

testStep(
  bootstrapFirstStage,
  {
    accepts: [
      {
        name: 'the usual packages',
        input,
        ...prepare,
        host,
        output: result,
        after: (world, given) => {
          const tree = `/var/cache/machinespawn/trees/${given.tree}`;
          expect(world.read(`${tree}/bin/bash`)).toBe('bash');
          expect([world.has(`${tree}/etc/hostname`), world.has(`${tree}/etc/resolv.conf`)]).toEqual([false, false]);
          expect(world.commands[0]?.args).toEqual([
            ...[
              '--foreign',
              '--debian-installer',
              '--force-check-gpg',
              `--keyring=${keyring}`,
              '--arch=amd64',
              '--components=main',
            ],
            ...[`--cache-dir=${cache}`, 'bookworm', `/var/cache/machinespawn/work/${given.tree}`, mirror],
          ]);
          expect(world.commands[0]?.env).toEqual({
            APT_CONFIG: '/var/lib/machinespawn/scratch/apt.conf',
            WGETRC: '/var/lib/machinespawn/scratch/wgetrc',
          });
          expect(world.locks).toEqual(['packages-debian']);
        },
      },
      {
        name: 'packages, a variant and a proxy that were asked for',
        input: {
          ...input,
          variant: 'minbase',
          include: ['nano', 'less', 'nano'],
          exclude: ['e2fsprogs'],
          proxy: 'http://p:3142',
        },
        ...prepare,
        host,
        output: result,
        after: (world) => {
          expect(world.commands[0]?.args).toEqual(
            expect.arrayContaining(['--variant=minbase', '--include=less,nano', '--exclude=e2fsprogs']),
          );
          expect(world.commands[0]?.env).toMatchObject({
            http_proxy: 'http://p:3142',
            https_proxy: 'http://p:3142',
          });
        },
      },
      {
        name: 'a proxy that dies in the middle',
        input: { ...input, proxy: 'http://***@p:3142' },
        ...prepare,
        host: fakeHost({ programs: { debootstrap: whileProxyDies } }),
        output: result,
        after: (world, given) => {
          expect(world.commands.map(({ env }) => env?.['http_proxy'])).toEqual(['http://p:3142', undefined]);
          expect(world.logged.filter((line) => line.startsWith('warn'))).toEqual([
            'warn the proxy p:3142 is in the way, so the rest is fetched directly (connection refused)',
          ]);
          expect(world.has(`/var/cache/machinespawn/trees/${given.tree}/debootstrap/old`)).toBe(false);
        },
      },
      {
        name: 'a suite that debootstrap does not know',
        input: { ...input, archive: { ...archive, codename: 'forky' } },
        host: fakeHost({ programs: { debootstrap: debootstrap(inRelease(), 'forky') } }),
        output: result,
        after: (world) =>
          expect(world.commands[0]?.args.slice(-3)).toEqual([
            expect.stringMatching(/^\/var\/cache/u),
            mirror,
            `${scripts}/sid`,
          ]),
      },
    ],
    refuses: [
      { name: 'a package name with a space', input: { ...input, include: ['a b'] }, at: 'include.0' },
      { name: 'an option for a package', input: { ...input, include: ['--no-check-gpg'] }, at: 'include.0' },
      { name: 'a variant that there is not', input: { ...input, variant: 'fakechroot' }, at: 'variant' },
    ],
    fails: [
      {
        name: 'a version, which debootstrap does not know of',
        input: { ...input, include: ['nano=7.2-1'] },
        ...prepare,
        code: 'MSP_WAY_UNFIT',
      },
      {
        name: 'a package that there is not',
        input,
        ...prepare,
        host: failed('E: LEFTOVERDEBS', 'EA: nosuchpkg', "EF: Couldn't find these debs: %s"),
        code: 'MSP_PACKAGE_UNKNOWN',
      },
      {
        name: 'the mirror went away',
        input,
        ...prepare,
        host: failed('E: COULDNTDLPKGS', 'EA: libc6', "EF: Couldn't download packages: %s"),
        code: 'MSP_DEBOOTSTRAP_NETWORK',
      },
      {
        name: 'the mirror went away, and the proxy is well',
        input: { ...input, proxy: 'http://p:3142' },
        ...prepare,
        host: {
          ...failed('E: COULDNTDLPKGS', 'EA: libc6', "EF: Couldn't download packages: %s"),
          proxies: {
            'http://p:3142': (url) => ({
              kind: 'answer',
              status: url === indexUrl ? 200 : 500,
              headers: {},
              body: inRelease(),
            }),
          },
        },
        code: 'MSP_DEBOOTSTRAP_NETWORK',
      },
      {
        name: 'a package with another digest',
        input,
        ...prepare,
        host: failed(
          'W: CORRUPTFILE',
          'WA: http://x/a.deb',
          'WF: %s was corrupt',
          'E: COULDNTDLPKGS',
          'EA: libc6',
          "EF: Couldn't download packages: %s",
        ),
        code: 'MSP_PACKAGE_CORRUPT',
      },
      {
        name: 'a signature that does not verify',
        input,
        ...prepare,
        host: failed('E: UNKNOWNRELSIG', 'EA: 123', 'EF: Release signed by unknown key (key id %s)'),
        code: 'MSP_DEBOOTSTRAP_SIGNATURE',
      },
      {
        name: 'something else',
        input,
        ...prepare,
        host: failed('E: NOEXEC', 'EF: Cannot install'),
        code: 'MSP_DEBOOTSTRAP_FAILED',
      },
      { name: 'no word at all', input, ...prepare, host: failed(), code: 'MSP_TOOL_FAILED' },
      {
        name: 'a full disk of which wget says nothing',
        input,
        ...prepare,
        host: { ...failed('E: COULDNTDLPKGS', 'EF: x'), freeBytes: 4096 },
        code: 'MSP_DISK_FULL',
      },
      {
        name: 'an archive that was updated in between',
        input,
        ...prepare,
        host: { programs: { debootstrap: debootstrap('other') } },
        code: 'MSP_ARCHIVE_CHANGED',
      },
      {
        name: 'offline, and nothing kept',
        input: { ...input, offline: true },
        ...prepare,
        host: fakeHost(),
        code: 'MSP_OFFLINE',
      },
      { name: 'no debootstrap', input, ...prepare, host: fakeHost(), code: 'MSP_TOOL_MISSING' },
    ],
    writes: [cache],
  },
  test,
);

test('bootstrap-first-stage: the key holds what decides, and no more', () => {
  const identity = (more: object) =>
    JSON.stringify(bootstrapFirstStage.identity?.(bootstrapFirstStage.input.parse({ ...input, ...more })));
  expect(identity({ proxy: 'http://p:3142' })).toBe(identity({}));
  expect(identity({ offline: true })).toBe(identity({}));
  expect(identity({ include: ['bc', 'ab', 'bc'] })).toBe(identity({ include: ['ab', 'bc'] }));
  expect(identity({ archive: { ...archive, date: 'x', verification: 'y', suites: [] } })).toBe(identity({}));
  for (const other of [
    { arch: 'i386' },
    { variant: 'minbase' },
    { include: ['ab'] },
    { exclude: ['ab'] },
    { debootstrap: '2' },
  ]) {
    expect(identity(other)).not.toBe(identity({}));
  }
  for (const other of [
    { codename: 'sid' },
    { mirror: 'http://x' },
    { components: ['main', 'contrib'] },
    { keyringDigest: 'x' },
    { inReleaseDigest: 'x' },
  ]) {
    expect(identity({ archive: { ...archive, ...other } })).not.toBe(identity({}));
  }
});
