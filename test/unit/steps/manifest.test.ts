import { expect, test } from 'vitest';
import { manifest } from '../../../src/steps/manifest.ts';
import { testStep, type World } from '../../../src/testing.ts';
import { osRelease } from './archive-fixture.ts';
import { artifactOf } from './tree-fixture.ts';

const status = `Package: zlib1g
Status: install ok installed
Installed-Size: 167
Architecture: i386
Source: zlib (1:1.2.13.dfsg-1)
Version: 1:1.2.13.dfsg-1+b1

Package: zlib1g
Status: install ok installed
Architecture: amd64
Source: zlib
Version: 1:1.2.13.dfsg-1

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: apt
Status: hold ok installed
Architecture: amd64
Version: 2.6.1
`;
const text = 'apt\t2.6.1\tamd64\nzlib1g\t1:1.2.13.dfsg-1\tamd64\nzlib1g\t1:1.2.13.dfsg-1+b1\ti386\n';
const json = `${JSON.stringify(
  {
    format: 1,
    os: { id: 'debian', versionId: '12', codename: 'bookworm', prettyName: 'Debian GNU/Linux 12 (bookworm)' },
    packages: [
      { name: 'apt', version: '2.6.1', arch: 'amd64', source: 'apt', sourceVersion: '2.6.1', installedKiB: 0 },
      ...[
        { arch: 'amd64', version: '1:1.2.13.dfsg-1', installedKiB: 0 },
        { arch: 'i386', version: '1:1.2.13.dfsg-1+b1', installedKiB: 167 },
      ].map(({ arch, version, installedKiB }) => ({
        ...{ name: 'zlib1g', version, arch },
        ...{ source: 'zlib', sourceVersion: '1:1.2.13.dfsg-1', installedKiB },
      })),
    ],
  },
  null,
  2,
)}\n`;

testStep(
  manifest,
  {
    accepts: [
      {
        name: 'a system of two architectures',
        input: (world: World) => ({
          tree: world.tree({ '/var/lib/dpkg/status': status, '/etc/os-release': osRelease }),
          name: 'packages',
        }),
        output: { text: artifactOf('packages.txt', text), json: artifactOf('packages.json', json), packages: 3 },
        after: (world) => expect(world.commands).toEqual([]),
      },
    ],
    refuses: [{ name: 'a path', input: { tree: 'x', name: 'a/b' }, at: 'name' }],
    fails: [{ name: 'a tree without packages', input: (world) => ({ tree: world.tree({}) }), code: 'MSP_TREE_LACKS' }],
  },
  test,
);
