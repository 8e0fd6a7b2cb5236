import { expect, test } from 'vitest';
import { apt } from '../../../src/steps/apt.ts';
import { exits, fakeHost, prints, testStep, type Program, type World } from '../../../src/testing.ts';

const paragraph = (name: string): string => `Package: ${name}\nStatus: install ok installed\nVersion: 1\n\n`;
const base = {
  '/etc/os-release': 'ID=debian\n',
  '/var/lib/dpkg/status': paragraph('bash'),
  '/var/lib/apt/lists/partial': null,
};
const treeIn = (args: readonly string[]): string =>
  (args.find((word) => word.startsWith('--directory=')) ?? '').slice(12);

/** systemd-nspawn with an apt-get that is as careless as the real one: cut off, it leaves half of what it does. */
const nspawn: Program = function* program({ args, world, print }) {
  const tree = treeIn(args);
  const words = args.slice(args.indexOf('--') + 1).filter((word) => !word.includes('::'));
  if (words.includes('update')) {
    world.put({ [`${tree}/var/lib/apt/lists/archive_InRelease`]: 'x' });
  } else if (words.includes('--download-only')) {
    print('1 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.');
    world.put({ '/var/cache/machinespawn/packages/debian/ed_1_amd64.deb': 'ed' });
  } else if (words.includes('purge')) {
    world.put({ [`${tree}/var/lib/dpkg/status`]: '' });
  } else {
    print('Unpacking ed (1) ...');
    world.put({ [`${tree}/bin/ed`]: 'ed', [`${tree}/var/log/dpkg.log`]: 'today' });
    yield;
    print('Setting up ed (1) ...');
    world.put({
      [`${tree}/var/lib/dpkg/status`]: `${world.read(`${tree}/var/lib/dpkg/status`) ?? ''}${paragraph('ed')}`,
    });
  }
  yield;
};
const host = fakeHost({ programs: { 'systemd-nspawn': nspawn } });
const input = (more: object) => (world: World) => ({ tree: world.tree(base), ...more });
const fails = (...words: readonly string[]) => fakeHost({ programs: { 'systemd-nspawn': exits(100, ...words) } });
const inside = (world: World, path: string): string =>
  `/var/cache/machinespawn/trees/${world.committed.at(-1) ?? ''}${path}`;

testStep(
  apt,
  {
    accepts: [
      {
        name: 'a package to install',
        input: input({ install: ['ed'], proxy: 'http://p:1', epoch: 7 }),
        host,
        output: (world) => ({ tree: world.committed.at(-1) ?? '', packages: 2, added: 1 }),
        after: (world) => {
          for (const trace of ['/var/log/dpkg.log', '/var/lib/apt/lists/archive_InRelease', '/usr/sbin/policy-rc.d'])
            expect(world.has(inside(world, trace))).toBe(false);
          expect(world.read(inside(world, '/bin/ed'))).toBe('ed');
          const [update, download, install] = world.commands.map(({ args }) => args);
          expect(update).not.toContain('--private-network');
          expect(download?.join(' ')).toMatch(/--bind=\S+\/packages\/debian:\/var\/cache\/apt\/archives/u);
          // What packages run sees neither the network nor a cache that it could spoil.
          expect(install).toContain('--private-network');
          expect(install?.join(' ')).toMatch(/--bind-ro=\S+\/packages\/debian:/u);
          expect(install).toContain('--setenv=SOURCE_DATE_EPOCH=7');
          expect(world.locks).toEqual(['packages-debian']);
        },
      },
      {
        name: 'a package to remove',
        input: input({ remove: ['bash'] }),
        host,
        output: (world) => ({ tree: world.committed.at(-1) ?? '', packages: 0, added: 0 }),
        after: (world) => expect(world.commands.length).toBe(1),
      },
      {
        name: 'nothing to do',
        input: input({}),
        host: fakeHost({ programs: { 'systemd-nspawn': prints() } }),
        output: (world) => ({ tree: world.committed.at(-1) ?? '', packages: 1, added: 0 }),
        after: (world) => expect(world.commands).toEqual([]),
      },
    ],
    refuses: [
      { name: 'an option', input: { tree: 'x', install: ['--yes'] }, at: 'install.0' },
      { name: 'a capital letter', input: { tree: 'x', remove: ['Ed'] }, at: 'remove.0' },
    ],
    fails: [
      {
        name: 'a package that there is not',
        input: input({ install: ['nosuch'] }),
        host: fails('E: Unable to locate package nosuch'),
        code: 'MSP_PACKAGE_UNKNOWN',
      },
      {
        name: 'an archive that cannot be reached',
        input: input({ install: ['ed'] }),
        host: fails('E: Failed to fetch http://x/InRelease  Could not connect'),
        code: 'MSP_APT_NETWORK',
      },
      {
        name: 'a package that is not what the archive promises',
        input: input({ install: ['ed'] }),
        host: fails('E: Failed to fetch http://x/ed.deb  Hash Sum mismatch'),
        code: 'MSP_PACKAGE_CORRUPT',
      },
      {
        name: 'a package whose script fails',
        input: input({ install: ['ed'] }),
        host: fails('E: Sub-process /usr/bin/dpkg returned an error code (1)'),
        code: 'MSP_TOOL_FAILED',
      },
    ],
    writes: ['/var/cache/machinespawn/packages'],
  },
  test,
);

test('the order of packages and the proxy mean nothing, the state of the archive does', () => {
  const key = (more: object): unknown => apt.identity?.(apt.input.parse({ tree: 'x', install: ['a1', 'b1'], ...more }));
  expect(key({ install: ['b1', 'a1', 'a1'], proxy: 'http://p' })).toEqual(key({}));
  expect(key({ asOf: 'today' })).not.toEqual(key({}));
});
