import { expect, test } from 'vitest';
import { user } from '../../../src/steps/user.ts';
import { fakeHost, testStep, type World } from '../../../src/testing.ts';
import { pretendNspawn } from './nspawn-fixture.ts';
import { made, textIn } from './tree-fixture.ts';

/** What `sh -euc SCRIPT sh` is given. */
let given: readonly string[] = [];
const host = fakeHost({
  programs: {
    'systemd-nspawn': pretendNspawn(({ command, tree, world }) => {
      given = command.slice(4);
      world.put(
        { '/etc/passwd': `root:x:0:0::/root:/bin/sh\n${given[0]}:x:1000:1001::/home/${given[0]}:/bin/bash\n` },
        tree,
      );
    }),
  },
});
const files = { '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n', '/usr/bin/sudo': '' };
const input =
  <More extends object>(more: More, tree: Record<string, string> = files) =>
  (world: World) => ({
    tree: world.tree(tree),
    name: 'ada',
    ...more,
  });
const output = (world: World) => ({ tree: made(world), uid: 1000, gid: 1001, home: '/home/ada' });

testStep(
  user,
  {
    accepts: [
      {
        name: 'a plain user',
        input: input({}),
        host,
        output,
        after: () => expect(given).toEqual(['ada', '', 'closed', '--create-home', '--user-group', '--shell=/bin/bash']),
      },
      {
        name: 'all that there is to say',
        input: input({
          ...{ uid: 4711, groups: ['adm', 'video'], shell: '/bin/sh', home: '/srv/ada', comment: 'Ada L.' },
          ...{ password: 'none', sudo: 'nopasswd', sshKeys: ['ssh-ed25519 A', 'ssh-ed25519 B'], epoch: 86_400 },
        }),
        host,
        output,
        after: (world) => {
          expect(given.slice(0, 3)).toEqual(['ada', 'ssh-ed25519 A\nssh-ed25519 B', 'open']);
          expect(given.slice(3)).toEqual(
            expect.arrayContaining(['--uid=4711', '--groups=adm,video', '--home-dir=/srv/ada', '--comment=Ada L.']),
          );
          expect(textIn(world, '/etc/sudoers.d/ada')).toBe('ada ALL=(ALL:ALL) NOPASSWD: ALL\n');
          expect(world.listing().get(`/var/cache/machinespawn/trees/${made(world)}/etc/sudoers.d/ada`)).toMatch(
            /^file 440/u,
          );
          expect(world.commands.at(-1)?.args).toContain('--setenv=SOURCE_DATE_EPOCH=86400');
        },
      },
      {
        name: 'a hash as the password',
        input: input({ password: '$y$j9T$abc' }),
        host,
        output,
        after: () => expect(given).toContain('--password=$y$j9T$abc'),
      },
    ],
    refuses: [
      { name: 'a name that is an option', input: { tree: 'x', name: '-r' }, at: 'name' },
      { name: 'a password as it is typed', input: { tree: 'x', name: 'ada', password: 'secret' }, at: 'password' },
      { name: 'a key of two lines', input: { tree: 'x', name: 'ada', sshKeys: ['a\nb'] }, at: 'sshKeys.0' },
      { name: 'a comment that adds a field', input: { tree: 'x', name: 'ada', comment: 'a:b' }, at: 'comment' },
    ],
    fails: [
      { name: 'no sudo', input: input({ sudo: 'password' }, { '/etc/passwd': '' }), host, code: 'MSP_TREE_LACKS' },
      {
        name: 'a user that is there already',
        input: input({}),
        host: fakeHost({ programs: { 'systemd-nspawn': pretendNspawn(() => 9) } }),
        code: 'MSP_TOOL_FAILED',
      },
    ],
  },
  test,
);
