import { isAbsolute, resolve } from 'node:path';
import { parseDuration } from '../../model/duration.ts';
import { parseMachineName } from '../../model/machine-name.ts';
import { defineCommand } from '../command.ts';
import { execute } from '../execute.ts';

export const run = defineCommand({
  name: 'run',
  summary: 'Run a command or a shell in a machine (not booted)',
  group: 'Run',
  needsRoot: 'always',
  passThrough: true,
  positionals: [{ name: 'name', summary: 'The machine' }],
  options: {
    user: { type: 'string', short: 'u', valueName: 'NAME', summary: 'User in the machine; root otherwise' },
    chdir: { type: 'string', short: 'w', valueName: 'DIR', summary: 'Directory in the machine to start in' },
    setenv: { type: 'repeat', short: 'E', valueName: 'K[=V]', summary: 'Environment variable' },
    bind: { type: 'repeat', valueName: 'SRC[:DST[:OPTS]]', summary: 'Make a path of the host visible inside' },
    bindRo: { type: 'repeat', valueName: 'SRC[:DST[:OPTS]]', summary: 'The same, read-only' },
    ephemeral: { type: 'boolean', short: 'x', summary: 'Throw all changes away at the end' },
    readOnly: { type: 'boolean', summary: 'The tree cannot be changed' },
    asRootPid1: { type: 'boolean', summary: 'The command becomes process 1 of the machine' },
    timeout: { type: 'string', valueName: 'DUR', summary: 'End it after this time, such as 90s' },
    proxy: { type: 'string', valueName: 'WHICH', summary: 'Proxy for the command: auto, none or a URL' },
    nspawnArg: { type: 'repeat', valueName: 'ARG', summary: 'An argument for systemd-nspawn' },
  },
  examples: [
    ['machinespawn run bread', 'a root shell'],
    ['machinespawn run bread -- apt-get -y install jq', 'one command; its exit code is ours'],
    ['machinespawn run bread --bind=/src -w /src make', 'with a directory of the host'],
    ['machinespawn run bread -x -u nobody id', 'as another user, leaving nothing behind'],
  ],
  details:
    "Options of systemd-nspawn between NAME and the command are handed over ('--option=value' and switches).\n" +
    'Put -- before a command that begins with a dash.',

  async run(invocation) {
    const { positionals, options, passed, handedOver, globals } = invocation;
    const name = parseMachineName(positionals.name);
    if (options.timeout !== undefined) parseDuration(options.timeout);
    const proxy = options.proxy ?? (invocation.terminal.env['MACHINESPAWN_PROXY'] || undefined);
    const inputs = {
      name,
      command: passed,
      setenv: options.setenv,
      bind: options.bind.map((bind) => absolute(bind, globals.cwd)),
      bindReadOnly: options.bindRo.map((bind) => absolute(bind, globals.cwd)),
      ephemeral: options.ephemeral,
      readOnly: options.readOnly,
      nspawnArgs: [...handedOver, ...options.nspawnArg],
      asRootPid1: options.asRootPid1,
      ...(proxy === undefined ? {} : { proxy }),
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(options.chdir === undefined ? {} : { chdir: options.chdir }),
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    };
    return execute(
      invocation,
      { pipeline: 'run', inputs, ephemeral: true },
      {
        root: true,
        silent: true,
        interactive: true,
        finish: ({ outputs, exitCode }) => (typeof outputs['exitCode'] === 'number' ? outputs['exitCode'] : exitCode),
      },
    );
  },
});

/** A source that is relative to where the person is; "+/path" is one inside the machine. */
function absolute(bind: string, cwd: string): string {
  const [source = '', ...rest] = bind.split(':');
  if (source === '' || source.startsWith('+') || isAbsolute(source)) return bind;
  const full = resolve(cwd, source);
  return rest.length === 0 ? `${full}:${full}` : [full, ...rest].join(':');
}
