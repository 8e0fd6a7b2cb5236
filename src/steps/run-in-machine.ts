/** Runs a command or a shell in a machine that is not booted, on the caller's terminal. */
import { basename } from 'node:path';
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { MachineEntry, RootFiles } from '../host/services.ts';
import { parseDuration } from '../model/duration.ts';
import { nearest } from '../model/nearest.ts';
import { machineNameSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { requireCommand } from './lib/find-command.ts';
import { lendProxy, type LentProxy } from './lib/lend-proxy.ts';
import { readArch } from './lib/inspect-machine.ts';
import { withEmulator, type Binds } from './lib/with-emulator.ts';

const resolver = '/etc/resolv.conf';

/** They handle being PID 1 as it should be, or want to be it. */
const ownInit = new Set(['init', 'systemd', 'sh', 'bash', 'dash', 'zsh', 'fish', 'ksh']);

const input = z.strictObject({
  name: machineNameSchema,
  command: z.array(z.string()).default([]).describe('Command with its arguments; none for a login shell'),
  user: z.string().default('').describe("User inside; '' for root"),
  chdir: z.string().default('').describe("Directory inside; '' for the user's home"),
  setenv: z.array(z.string()).default([]).describe('Environment, as NAME=VALUE'),
  bind: z.array(z.string()).default([]).describe('Bind mounts, as SOURCE[:TARGET[:OPTIONS]]'),
  bindReadOnly: z.array(z.string()).default([]).describe('The same, not to be written to'),
  ephemeral: z.boolean().default(false).describe('Throw away what the command changes'),
  readOnly: z.boolean().default(false).describe('Let the command change nothing'),
  nspawnArgs: z.array(z.string()).default([]).describe('More arguments for systemd-nspawn'),
  asRootPid1: z.boolean().default(false).describe('Run the command as PID 1'),
  proxy: z.string().nullable().default(null).describe('Proxy that the command gets'),
  proxyUse: z.enum(['everything', 'packages']).default('everything').describe('What the proxy is for'),
  timeout: z.string().default('').describe("End it after this time, such as 90s; '' for never"),
});
type Input = z.output<typeof input>;

export const runInMachine = defineStep({
  id: 'run-in-machine',
  summary: 'Run a command in a machine, on this terminal',
  version: 1,
  input,
  output: z.strictObject({ exitCode: z.number().describe("The command's exit code") }),
  reuse: 'never',
  singleFlight: false,
  needs: { root: true, tools: ['systemd-nspawn'] },
  describe: ({ exitCode }) => `exit code ${exitCode}`,

  async run(context) {
    const { services } = context;
    const machine = await findMachine(context);
    const root = machine.type === 'raw' ? null : services.root(machine.path);
    if (root !== null) await checkInside(context, root);
    const isResolverOurs = root !== null && (await isMissingOrEmpty(root));
    const hasResolver = (await services.files.info(resolver)) !== null;
    const isReadOnly =
      machine.readOnly || (await services.machines.readRecord(context.input.name))?.['readOnly'] === true;
    const proxy = await lendProxy(context, {
      url: context.input.proxy,
      use: context.input.proxyUse,
      nspawnArgs: context.input.nspawnArgs,
    });
    const arch = root === null ? null : await readArch(root);
    const run = async (binds: Binds) => await runNspawn(context, machine, { hasResolver, isReadOnly, binds, proxy });
    const { exitCode } =
      root === null || arch === null || arch === services.facts.arch
        ? await run([])
        : await withEmulator(context, root, arch, run);
    if (isResolverOurs && (await root.info(resolver)) !== null && (await isMissingOrEmpty(root)))
      await root.remove(resolver);
    return { exitCode };
  },
});

async function runNspawn(
  { services, input }: Context<Input>,
  machine: MachineEntry,
  {
    isReadOnly,
    ...host
  }: { readonly hasResolver: boolean; readonly isReadOnly: boolean; readonly binds: Binds; readonly proxy: LentProxy },
): Promise<{ readonly exitCode: number }> {
  const { systemd } = services.facts;
  const asked = isReadOnly && !input.ephemeral ? { ...input, readOnly: true } : input;
  // Registering tells the service manager a PID, which must not be one of a namespace of ours. And for an image nspawn asks
  // who listens on udev's socket: seen from such a namespace, nobody.
  const sandbox = !systemd && machine.type !== 'raw';
  const [file = '', ...args] = [
    ...timeLimit(input),
    ...(!sandbox ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []),
    ...['systemd-nspawn', ...argumentsOf(asked, machine, { ...host, systemd })],
  ];
  // Where /run is on a disk, nspawn refuses to tidy up there, and says so after each command.
  const memory = ['/run/systemd/nspawn/propagate'];
  return await services.execOnTerminal({ file, args, sandbox, memory, env: host.proxy.env });
}

/** nspawn makes an empty file to mount the host's upon. One that was left by a run that was cut off goes, too. */
async function isMissingOrEmpty(root: RootFiles): Promise<boolean> {
  const info = await root.info(resolver);
  return info === null || (info.type === 'file' && info.sizeBytes === 0);
}

async function findMachine({ services, input }: Context<Input>): Promise<MachineEntry> {
  const { name } = input;
  const machine = await services.machines.find(name);
  if (machine === null) {
    const names = (await services.machines.list()).map((entry) => entry.name);
    throw fail('MSP_MACHINE_NOT_FOUND', { name, nearest: nearest(name, names) });
  }
  if (machine.holder !== null) throw fail('MSP_MACHINE_RUNNING', { name, holder: machine.holder });
  // What nspawn itself looks for, and gives up without.
  if (machine.type === 'raw' && (await services.files.info('/run/udev/control')) === null)
    throw fail('MSP_MACHINE_NEEDS_UDEV', { name });
  return machine;
}

async function checkInside({ input }: Context<Input>, root: RootFiles): Promise<void> {
  const { name, user, chdir, command } = input;
  if (user !== '' && !/^\d+$/u.test(user)) {
    const passwd = (await root.readText('/etc/passwd')) ?? '';
    if (!passwd.split('\n').some((line) => line.startsWith(`${user}:`))) {
      throw fail('MSP_RUN_REFUSED', { name, problem: `it has no user '${user}'` });
    }
  }
  const [program] = command;
  if (program === undefined) return;
  const elsewhere = [...input.bind, ...input.bindReadOnly].map(bindTarget);
  // What else was handed over may mount anything anywhere.
  if (input.nspawnArgs.some((argument) => /^--(?:bind|overlay|tmpfs)/u.test(argument))) return;
  await requireCommand(root, { name, chdir, elsewhere }, program);
}

function bindTarget(bind: string): string {
  const [source = '', target] = bind.replaceAll(String.raw`\:`, '\0').split(':');
  return (target === undefined || target === '' ? source : target).replaceAll('\0', ':').replace(/^[+-]+/u, '');
}

function argumentsOf(
  input: Input,
  machine: MachineEntry,
  host: {
    readonly hasResolver: boolean;
    readonly systemd: boolean;
    readonly binds: Binds;
    readonly proxy: LentProxy;
  },
): readonly string[] {
  const [program] = input.command;
  const isInit = program === undefined || (input.command.length === 1 && ownInit.has(basename(program)));
  return [
    '--quiet',
    machine.type === 'raw' ? `--image=${machine.path}` : `--directory=${machine.path}`,
    `--machine=${input.name}`,
    ...(host.systemd ? [] : ['--register=no', '--keep-unit']),
    '--console=autopipe',
    ...(isInit || input.asRootPid1 ? [] : ['--as-pid2']),
    // Nothing of the host's stays in the tree.
    host.hasResolver ? '--resolv-conf=bind-host' : '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    ...(input.user === '' ? [] : [`--user=${input.user}`]),
    ...(input.chdir === '' ? [] : [`--chdir=${input.chdir}`]),
    // What was asked for comes later and wins.
    ...host.proxy.args,
    ...input.setenv.map((setting) => `--setenv=${setting}`),
    // Inside, both are the same path.
    ...host.binds.map(({ from }) => `--bind-ro=${from}`),
    ...input.bind.map((bind) => `--bind=${bind}`),
    ...input.bindReadOnly.map((bind) => `--bind-ro=${bind}`),
    ...(input.readOnly ? ['--read-only'] : []),
    // A snapshot would be a full copy on most file systems; an overlay in memory costs nothing.
    ...(input.ephemeral ? [machine.type === 'raw' ? '--ephemeral' : '--volatile=overlay'] : []),
    ...input.nspawnArgs,
    ...(input.command.length === 0 ? [] : ['--', ...input.command]),
  ];
}

/** Its exit code is 124 when the time is over, as ours is. */
function timeLimit({ timeout }: Input): readonly string[] {
  if (timeout === '') return [];
  return ['timeout', '--foreground', '--kill-after=10', `${Math.max(1, Math.ceil(parseDuration(timeout) / 1000))}`];
}
