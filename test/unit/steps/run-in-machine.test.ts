import { expect, test } from 'vitest';
import { runInMachine } from '../../../src/steps/run-in-machine.ts';
import { fakeHost, prints, testStep, type Program, type World } from '../../../src/testing.ts';
import { elf } from './archive-fixture.ts';
import { machines, whole } from './machine-fixture.ts';

const tree = `${machines}/bread`;
const put = (world: World): void => {
  world.put(
    {
      ...whole,
      '/usr/bin/cat': { text: 'x', mode: 0o755 },
      '/usr/bin/plain': 'x',
      '/usr/bin/lost': { link: 'nowhere' },
      '/etc/passwd': 'root:x:0:0\nann:x:1000:1000\n',
    },
    tree,
  );
  world.put({ '/etc/resolv.conf': 'nameserver 10.0.0.1\n' });
};
/** Like the real one, it makes a file to mount the host's upon. */
const nspawn = (code = 0): Program =>
  function* program({ world }) {
    if (!world.has(`${tree}/etc/resolv.conf`)) world.put({ [`${tree}/etc/resolv.conf`]: '' });
    yield;
    return code;
  };
const host = fakeHost({ programs: { 'systemd-nspawn': nspawn() } });
const head = [
  '--quiet',
  `--directory=${tree}`,
  '--machine=bread',
  '--register=no',
  '--keep-unit',
  '--console=autopipe',
];
const tail = ['--resolv-conf=bind-host', '--timezone=off', '--link-journal=no'];
const started =
  (...expected: readonly string[]) =>
  (world: World): void => {
    expect(world.commands.map(({ file, args }) => [file, ...args])).toEqual([expected]);
    expect(world.has(`${tree}/etc/resolv.conf`)).toBe(false);
  };
const input = { name: 'bread' };
const common = { prepare: put, host, output: { exitCode: 0 } };

testStep(
  runInMachine,
  {
    accepts: [
      { name: 'a login shell', ...common, input, after: started('systemd-nspawn', ...head, ...tail) },
      {
        name: 'a machine of another architecture, whose emulator the kernel looks for inside of it',
        ...common,
        prepare: (world) => {
          put(world);
          world.put({ [`${tree}/usr/bin/dash`]: { text: elf(183), mode: 0o755 } });
        },
        host: fakeHost({
          programs: { 'systemd-nspawn': nspawn() },
          runs: { arm64: 'qemu' },
          emulatorsToBind: { arm64: '/usr/bin/qemu-aarch64' },
        }),
        input,
        after: (world) => {
          started('systemd-nspawn', ...head, ...tail, '--bind-ro=/usr/bin/qemu-aarch64')(world);
          expect(world.has(`${tree}/usr/bin/qemu-aarch64`)).toBe(false);
        },
      },
      {
        name: 'a command',
        ...common,
        input: { ...input, command: ['cat', '/etc/os-release'] },
        after: started('systemd-nspawn', ...head, '--as-pid2', ...tail, '--', 'cat', '/etc/os-release'),
      },
      {
        name: 'a shell',
        ...common,
        input: { ...input, command: ['/bin/sh'] },
        after: started('systemd-nspawn', ...head, ...tail, '--', '/bin/sh'),
      },
      {
        name: 'a script',
        ...common,
        input: { ...input, command: ['sh', '-c', 'exit 7'] },
        host: fakeHost({ programs: { 'systemd-nspawn': nspawn(7) } }),
        output: { exitCode: 7 },
      },
      {
        name: 'everything that can be said',
        ...common,
        input: {
          ...input,
          command: ['/src/it'],
          user: 'ann',
          chdir: '/src',
          setenv: ['A=1'],
          bind: ['/home/ann/src:/src'],
          bindReadOnly: ['/usr/share/doc'],
          ephemeral: true,
          readOnly: true,
          nspawnArgs: ['--private-network'],
          asRootPid1: true,
        },
        after: started(
          ...[
            'systemd-nspawn',
            ...head,
            ...tail,
            '--user=ann',
            '--chdir=/src',
            '--setenv=A=1',
            '--bind=/home/ann/src:/src',
            '--bind-ro=/usr/share/doc',
          ],
          ...['--read-only', '--volatile=overlay', '--private-network', '--', '/src/it'],
        ),
      },
      {
        name: 'a proxy for everything, by a name in its arguments and the rest in its environment',
        ...common,
        input: { ...input, proxy: 'http://p:3128', setenv: ['A=1'] },
        host: { ...host, env: { no_proxy: 'here' } },
        after: (world) => {
          started(
            ...['systemd-nspawn', ...head, ...tail],
            ...['--setenv=http_proxy', '--setenv=https_proxy', '--setenv=no_proxy', '--setenv=A=1'],
          )(world);
          expect(world.commands[0]?.env).toEqual({
            http_proxy: 'http://p:3128',
            https_proxy: 'http://p:3128',
            no_proxy: 'here',
          });
        },
      },
      {
        name: "the environment's proxy as it is",
        ...common,
        input: { ...input, proxy: 'http://***@p:3128' },
        host: { ...host, env: { http_proxy: 'http://u:pw@p:3128' } },
        after: (world) => {
          started('systemd-nspawn', ...head, ...tail, '--setenv=http_proxy')(world);
          expect(world.commands[0]?.env).toEqual({ http_proxy: 'http://u:pw@p:3128' });
        },
      },
      {
        name: 'a proxy for packages, of which only apt is told',
        ...common,
        input: { ...input, proxy: 'http://p:3142', proxyUse: 'packages' },
        host: fakeHost({
          programs: {
            *'systemd-nspawn'({ world }) {
              expect(world.read('/var/lib/machinespawn/scratch/apt.conf')).toBe(
                'Acquire::http::Proxy "http://p:3142";\n',
              );
              yield;
            },
          },
        }),
        after: started(
          ...['systemd-nspawn', ...head, ...tail],
          '--bind-ro=/var/lib/machinespawn/scratch/apt.conf:/run/machinespawn/apt.conf',
          '--setenv=APT_CONFIG=/run/machinespawn/apt.conf',
        ),
      },
      {
        name: 'no proxy of the loopback device for a machine with a network of its own',
        ...common,
        input: { ...input, proxy: 'http://127.0.0.1:3142', nspawnArgs: ['--network-veth'] },
        after: (world) => {
          started('systemd-nspawn', ...head, ...tail, '--network-veth')(world);
          expect(world.logged).toEqual([expect.stringMatching(/^info the proxy 127\.0\.0\.1:3142 cannot be reached/u)]);
        },
      },
      {
        name: 'a time limit',
        ...common,
        input: { ...input, timeout: '90s' },
        host: fakeHost({ programs: { timeout: nspawn(124) } }),
        output: { exitCode: 124 },
        after: started('timeout', '--foreground', '--kill-after=10', '90', 'systemd-nspawn', ...head, ...tail),
      },
      {
        name: 'a host with systemd',
        ...common,
        input,
        host: fakeHost({ systemd: true, programs: { setpriv: nspawn() } }),
        after: started(
          'setpriv',
          '--pdeathsig',
          'KILL',
          '--',
          'systemd-nspawn',
          ...head.filter((word) => !/register|keep/u.test(word)),
          ...tail,
        ),
      },
      {
        name: 'a disk image',
        input: { ...input, command: ['whatever'] },
        host: fakeHost({ programs: { setpriv: prints() } }),
        prepare: (world) => world.put({ [`${tree}.raw`]: 'disk', '/run/udev/control': '' }),
        output: { exitCode: 0 },
        after: (world) =>
          expect(world.commands[0]?.args).toEqual(expect.arrayContaining([`--image=${tree}.raw`, '--resolv-conf=off'])),
      },
    ],
    refuses: [{ name: 'a name that leads out of the directory', input: { name: '..' }, at: 'name' }],
    fails: [
      {
        name: 'a disk image on a host without udev',
        input: { name: 'bread' },
        prepare: (world) => world.put({ [`${tree}.raw`]: 'disk' }),
        code: 'MSP_MACHINE_NEEDS_UDEV',
      },
      { name: 'no such machine', input: { name: 'braed' }, prepare: put, host, code: 'MSP_MACHINE_NOT_FOUND' },
      {
        name: 'it runs',
        input,
        prepare: put,
        host: { ...host, holders: { bread: 'process 12' } },
        code: 'MSP_MACHINE_RUNNING',
      },
      {
        name: 'no such command',
        input: { ...input, command: ['dog'] },
        prepare: put,
        host,
        code: 'MSP_COMMAND_NOT_FOUND',
      },
      {
        name: 'no such file',
        input: { ...input, command: ['/srv/dog'] },
        prepare: put,
        host,
        code: 'MSP_COMMAND_NOT_FOUND',
      },
      {
        name: 'a link to nowhere',
        input: { ...input, command: ['lost'] },
        prepare: put,
        host,
        code: 'MSP_COMMAND_NOT_FOUND',
      },
      {
        name: 'a file that is no program',
        input: { ...input, command: ['plain'] },
        prepare: put,
        host,
        code: 'MSP_COMMAND_NOT_EXECUTABLE',
      },
      {
        name: 'a directory',
        input: { ...input, command: ['/etc'] },
        prepare: put,
        host,
        code: 'MSP_COMMAND_NOT_EXECUTABLE',
      },
      { name: 'no such user', input: { ...input, user: 'bob' }, prepare: put, host, code: 'MSP_RUN_REFUSED' },
      { name: 'a span that is none', input: { ...input, timeout: 'long' }, prepare: put, host, code: 'MSP_USAGE' },
    ],
    // What is mounted lies upon an empty file; the next run takes away what a cancelled one could not.
    writes: [`${tree}/etc/resolv.conf`, `${tree}/usr/bin/qemu-aarch64`],
  },
  test,
);
