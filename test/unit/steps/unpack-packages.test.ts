import { expect, test } from 'vitest';
import { unpackPackages } from '../../../src/steps/unpack-packages.ts';
import { testStep, type World } from '../../../src/testing.ts';
import { plainFiles, putSelection, type DemoPackage } from './package-fixture.ts';

const input = (packages: readonly DemoPackage[]) => (world: World) => ({ selection: putSelection(world, packages) });
const base: DemoPackage = { name: 'base-files', deb: { files: plainFiles('base-files') } };
const tree = (world: World): string => `/var/cache/machinespawn/trees/${world.committed.at(-1) ?? ''}`;
const with_ = (more: Partial<DemoPackage>) => input([base, { name: 'demo', ...more }]);

testStep(
  unpackPackages,
  {
    accepts: [
      {
        name: 'required packages, and records of them',
        input: input([
          base,
          {
            name: 'demo',
            priority: 'important',
            deb: {
              scripts: {
                postinst: '#!/bin/sh\n',
                conffiles: '/etc/demo.conf\n',
                triggers: 'interest-noawait /usr/x\n',
              },
              files: [...plainFiles('demo'), { path: './etc/demo.conf', content: 'a=b\n', mode: 0o644 }],
            },
          },
          { name: 'other', stage: 'base', deb: { files: plainFiles('other') } },
        ]),
        output: (world) => ({ tree: world.committed.at(-1) ?? '', packages: 2, unpackedBytes: 40 }),
        after: (world) => {
          const read = (path: string) => world.read(`${tree(world)}/${path}`);
          expect(read('usr/demo')).toBe('content of demo');
          expect(read('bin')).toBeNull();
          expect(world.has(`${tree(world)}/usr/lib64`)).toBe(true);
          expect(read('usr/other')).toBeNull();
          expect(read('var/lib/dpkg/info/demo.list')).toBe('/.\n/usr\n/usr/demo\n/etc/demo.conf\n');
          expect(read('var/lib/dpkg/info/demo.postinst')).toBe('#!/bin/sh\n');
          expect(read('var/lib/dpkg/info/format')).toBe('1\n');
          expect(read('var/lib/dpkg/triggers/File')).toBe('/usr/x demo/noawait\n');
          expect(read('var/lib/dpkg/status')).toMatch(/^Package: base-files\n[^]*\n\nPackage: demo\n[^]*\n\n$/u);
          expect(read('var/lib/dpkg/status')).toContain('Status: install ok unpacked\nPriority: important\n');
          expect(read('var/lib/dpkg/status')).toContain(' /etc/demo.conf 6aea67367311873a8a1383e4373a0e3c\n');
          expect(world.has(`${tree(world)}/var/lib/dpkg/arch`)).toBe(false);
        },
      },
    ],
    refuses: [{ name: 'what is no digest', input: { selection: 'x' }, at: 'selection' }],
    fails: [
      { name: 'a selection that is gone', input: { selection: 'a'.repeat(64) }, code: 'MSP_SELECTION_MISSING' },
      {
        name: 'a data member that writes outside',
        input: with_({ deb: { files: [{ path: '../../etc/evil', content: 'x', mode: 0o644 }] } }),
        code: 'MSP_PACKAGE_HOSTILE',
        after: (world) => expect(world.has('/var/cache/etc/evil')).toBe(false),
      },
      {
        name: 'a link out of the tree',
        input: with_({ deb: { files: [{ path: './x', content: '', mode: 0o777, kind: { symlink: '../../etc' } }] } }),
        code: 'MSP_PACKAGE_HOSTILE',
      },
      {
        name: 'a compression that nobody knows',
        input: with_({ deb: { dataMember: 'data.tar.lzip', data: Buffer.from('x') } }),
        code: 'MSP_PACKAGE_COMPRESSION',
      },
      {
        name: 'a control file with a broken field',
        input: with_({ deb: { control: 'Package: demo\nVersion: 1\nArchitecture: all\nwhat is this\n' } }),
        code: 'MSP_PACKAGE_BROKEN',
      },
      {
        name: 'a data member that is cut off',
        input: with_({ deb: { data: Buffer.from('1f8b0800000000000003', 'hex') } }),
        code: 'MSP_PACKAGE_BROKEN',
      },
      {
        name: 'a file in the cache that is another one',
        input: with_({ spoiled: Buffer.from('!<arch>\nnothing of it is true') }),
        code: 'MSP_PACKAGE_CORRUPT',
      },
    ],
  },
  test,
);
