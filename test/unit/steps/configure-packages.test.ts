import { expect, test } from 'vitest';
import { configurePackages } from '../../../src/steps/configure-packages.ts';
import { fakeHost, testStep, type Program, type World } from '../../../src/testing.ts';
import { plainFiles, putSelection, type DemoPackage } from './package-fixture.ts';
import { foreignFiles, nativeFiles } from './twin-fixture.ts';

const packages: readonly DemoPackage[] = [
  { name: 'base-files', deb: { files: plainFiles('base-files') } },
  { name: 'cron', stage: 'base', preDepends: ['cron-common'], deb: { files: plainFiles('cron') } },
  {
    name: 'cron-common',
    stage: 'base',
    deb: { files: plainFiles('cron-common'), scripts: { preinst: '#!/bin/sh\n' } },
  },
  { name: 'extra', stage: 'include', deb: { files: plainFiles('extra'), scripts: { preinst: '#!/bin/sh\n' } } },
];
const record = (name: string): string => `Package: ${name}\nStatus: install ok unpacked\nVersion: 1\n\n`;
const unpacked = {
  '/var/lib/dpkg/status': record('base-files'),
  '/var/lib/dpkg/info/base-files.list': '/.\n',
  '/var/lib/dpkg/info/base-files.preinst': '#!/bin/sh\n',
  '/usr/sbin/start-stop-daemon': 'the real one',
  '/bin/sh': 'sh',
};
const scratch = '/var/lib/machinespawn/scratch';
const input = (world: World) => ({ tree: world.tree(unpacked), selection: putSelection(world, packages) });
const sessions: string[] = [];
/** What each session mounts; null for nothing. */
const mounts: (string | null)[] = [];

/** Does what the session says of dpkg: learns of packages, unpacks some, configures all that it knows. */
const sh: Program = function* program({ args, world, status }) {
  const tree = args[3] ?? '';
  const session = world.read(`${scratch}/session`) ?? '';
  sessions.push(session);
  mounts.push(world.read(`${scratch}/fstab`));
  if (world.read(`${tree}/usr/sbin/policy-rc.d`) !== '#!/bin/sh\nexit 101\n') return 1;
  const file = `${tree}/var/lib/dpkg/status`;
  for (const line of session.split('\n')) {
    const [, number] = /^cat \/\.machinespawn\/status\.(\d+)/u.exec(line) ?? [];
    if (number !== undefined) world.put({ [file]: `${world.read(file)}${world.read(`${scratch}/status.${number}`)}` });
    const [, deb] = /--unpack \S+\/(\w+)_1_all\.deb/u.exec(line) ?? [];
    if (deb !== undefined) world.put({ [file]: `${world.read(file)}${record(deb)}` });
    yield;
  }
  status('processing: configure: base-files');
  world.put({ [file]: (world.read(file) ?? '').replaceAll('ok unpacked', 'ok installed') });
  return 0;
};

/** Says what owners and modes the directories have: none but the tree itself. */
const find: Program = function* program({ print }) {
  print('755 0 0 \0');
  yield;
};

const failing: Program = function* program({ print, status }) {
  yield;
  status('processing: configure: base-files');
  print('chown: invalid user: nobody-at-all');
  status('status: base-files : error : installed base-files package post-installation script returned error 1');
  return 1;
};

/** A foreign tree and one of the host's own architecture. */
const foreign = (scope?: 'all' | 'required') => (world: World) => ({
  tree: world.tree({
    ...unpacked,
    ...foreignFiles(record('base-files')),
  }),
  selection: putSelection(world, packages),
  twin: world.tree(nativeFiles('1')),
  ...(scope !== undefined && { twinScope: scope }),
});
const emulated = {
  host: fakeHost({ programs: { sh, find } }),
  output: (world: World) => ({ tree: world.committed.at(-1) ?? '', packages: 8 }),
};
const libraries = '/usr/lib/x86_64-linux-gnu';
const treeOf = (ref: string): string => `/var/cache/machinespawn/trees/${ref}`;

testStep(
  configurePackages,
  {
    accepts: [
      {
        name: 'required packages, then the others in the order of their Pre-Depends',
        input,
        host: fakeHost({ programs: { sh, find } }),
        output: (world) => ({ tree: world.committed.at(-1) ?? '', packages: 4 }),
        after: (world, { tree: ref }) => {
          const tree = `/var/cache/machinespawn/trees/${ref}`;
          for (const gone of ['/.machinespawn', '/usr/sbin/policy-rc.d', '/.machinespawn-host'])
            expect(world.has(`${tree}${gone}`)).toBe(false);
          expect(world.read(`${tree}/usr/sbin/start-stop-daemon`)).toBe('the real one');
          expect(world.read(`${tree}/usr/cron`)).toBe('content of cron');
          // Only dpkg may unpack what was asked for and has a preinst.
          expect(world.has(`${tree}/usr/extra`)).toBe(false);
          const [first = '', second = ''] = sessions.slice(-2);
          expect(first).toContain('\npreinst base-files all base-files.preinst preinst\n');
          expect(first).toMatch(/--configure base-files\n[^]*--configure --pending\n$/u);
          const order = ['status.0', 'preinst cron-common', '--configure cron-common', 'status.1', '--unpack', '-a'];
          const places = order.map((text) => second.indexOf(text));
          expect(places).toEqual(places.toSorted((one, other) => one - other));
          expect(places).not.toContain(-1);
        },
      },
      {
        name: 'a foreign tree, with native programs for the scripts of the required packages',
        input: foreign(),
        ...emulated,
        after: (world, { tree: ref }) => {
          const [first, second] = mounts.slice(-2);
          const mounted = (first ?? '').split('\n').map((line) => line.split(' ')[1] ?? '');
          const inTree = mounted.filter((path) => path !== '').map((path) => /\/usr\/.*/u.exec(path)?.[0] ?? path);
          // uname and arch are not among them: they say the architecture.
          expect(inTree).toEqual([
            ...[libraries, expect.stringMatching(/dpkg\.foreign$/u), '/usr/bin/dpkg-divert', '/usr/bin/ls'],
            ...['/usr/bin/dash', '/usr/bin/dpkg'],
          ]);
          expect(second).toBeNull();
          expect(world.has(`${treeOf(ref)}${libraries}`)).toBe(false);
          expect(world.logged).toContain('info 3 programs run natively');
        },
      },
      {
        name: 'a foreign tree, with native programs for all scripts',
        input: foreign('all'),
        ...emulated,
        after: (world, { tree: ref }) => {
          const [first, second] = mounts.slice(-2);
          expect(second).toContain('/usr/bin/ls');
          expect(first).toBe(second);
          expect(world.has(`${treeOf(ref)}${libraries}`)).toBe(false);
        },
      },
    ],
    refuses: [
      { name: 'a time that is none', input: { tree: 'x', selection: 'a'.repeat(64), idle: 'soon' }, at: 'idle' },
    ],
    fails: [
      {
        name: 'a script that fails',
        input,
        host: fakeHost({ programs: { sh: failing } }),
        code: 'MSP_PACKAGE_SCRIPT',
      },
      {
        name: 'a package that is not installed in the end',
        input,
        host: fakeHost({ programs: { *sh() {}, find } }),
        code: 'MSP_PACKAGE_SCRIPT',
      },
      {
        name: 'a selection that is gone',
        input: (world) => ({ tree: world.tree(unpacked), selection: 'a'.repeat(64) }),
        code: 'MSP_SELECTION_MISSING',
      },
    ],
  },
  test,
);

test('configure-packages: whose scripts see native programs decides the result, where there are any', () => {
  const identity = (more: object) =>
    configurePackages.identity?.(configurePackages.input.parse({ tree: 'x', selection: 'a'.repeat(64), ...more }));
  expect(identity({ twin: 'y', twinScope: 'all' })).not.toEqual(identity({ twin: 'y', twinScope: 'required' }));
  expect(identity({ twinScope: 'all' })).toEqual(identity({ twinScope: 'required' }));
});
