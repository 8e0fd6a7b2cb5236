import { expect, test } from 'vitest';
import { configurePackages } from '../../../src/steps/configure-packages.ts';
import { fakeHost, testStep, type Program, type World } from '../../../src/testing.ts';
import { plainFiles, putSelection, type DemoPackage } from './package-fixture.ts';

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

/** Does what the session says of dpkg: learns of packages, unpacks some, configures all that it knows. */
const sh: Program = function* program({ args, world, status }) {
  const tree = args[3] ?? '';
  const session = world.read(`${scratch}/session`) ?? '';
  sessions.push(session);
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
