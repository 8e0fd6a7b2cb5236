import { expect, test } from 'vitest';
import { run } from '../../../src/steps/run.ts';
import { exits, fakeHost, testStep, type Program, type World } from '../../../src/testing.ts';

const policy = '/usr/sbin/policy-rc.d';
const base = { '/etc/os-release': 'ID=debian\n', '/usr/bin/make': 'x' };
const directoryIn = (args: readonly string[]): string =>
  (args.find((word) => word.startsWith('--directory=')) ?? '').slice(12);

/** Like the real one, it makes a file to mount the host's resolver upon. */
const nspawn: Program = function* program({ args, world }) {
  const tree = directoryIn(args);
  if (!world.has(`${tree}/etc/resolv.conf`)) world.put({ [`${tree}/etc/resolv.conf`]: '' });
  yield;
  world.put({ [`${tree}/made`]: world.read(`${tree}${policy}`) === null ? 'services may start' : 'quietly' });
};
const host = fakeHost({ programs: { 'systemd-nspawn': nspawn } });
const output = (world: World): { tree: string } => ({ tree: world.committed.at(-1) ?? '' });
const input = (more: object) => (world: World) => ({ tree: world.tree(base), ...more });
const started = (world: World): readonly string[] => world.commands[0]?.args ?? [];

testStep(
  run,
  {
    accepts: [
      {
        name: 'a script, that leaves nothing but what it made',
        input: input({ script: 'make all' }),
        host,
        output,
        after: (world) => {
          const tree = `/var/cache/machinespawn/trees/${world.committed.at(-1) ?? ''}`;
          expect(world.read(`${tree}/made`)).toBe('quietly');
          for (const path of [policy, '/etc/resolv.conf', '/run/machinespawn-script'])
            expect(world.has(tree + path)).toBe(false);
          expect(started(world).slice(-4)).toEqual(['--', '/bin/sh', '-e', '/run/machinespawn-script']);
          expect(started(world)).toContain('--private-network');
          expect(started(world)).toContain('--resolv-conf=off');
        },
      },
      {
        name: 'a command, with everything that can be said',
        input: (world) => {
          world.put({ '/etc/resolv.conf': 'nameserver 10.0.0.1\n' });
          return {
            tree: world.tree({ ...base, [policy]: 'its own' }),
            command: ['make', 'all'],
            network: true,
            bind: ['/srv/src:/src'],
            bindReadOnly: [String.raw`/srv/a\:b`],
            setenv: ['A=1=2'],
            user: 'ann',
            chdir: '/src',
            epoch: 5,
          };
        },
        host,
        output,
        after: (world) => {
          expect(world.read(`/var/cache/machinespawn/trees/${world.committed.at(-1) ?? ''}${policy}`)).toBe('its own');
          expect(started(world)).toEqual(
            expect.arrayContaining([
              ...['--resolv-conf=bind-host', '--user=ann', '--chdir=/src', '--bind=/srv/src:/src'],
              ...[String.raw`--bind-ro=/srv/a\:b:/srv/a\:b`, '--setenv=A=1=2', '--setenv=SOURCE_DATE_EPOCH=5'],
            ]),
          );
          expect(started(world)).not.toContain('--private-network');
        },
      },
    ],
    refuses: [
      { name: 'neither script nor command', input: { tree: 'x' }, at: 'script' },
      { name: 'both', input: { tree: 'x', script: 'a', command: ['b'] }, at: 'script' },
      { name: 'a variable without a name', input: { tree: 'x', script: 'a', setenv: ['=1'] }, at: 'setenv.0' },
    ],
    fails: [
      {
        name: 'a script that fails',
        input: input({ script: 'false' }),
        host: fakeHost({ programs: { 'systemd-nspawn': exits(1, 'no') } }),
        code: 'MSP_TOOL_FAILED',
      },
      { name: 'a relative bind mount', input: input({ script: 'a', bind: ['src:/src'] }), host, code: 'MSP_USAGE' },
    ],
  },
  test,
);
