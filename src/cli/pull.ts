/** What pull-tar and pull-raw have in common: options, inputs of the pipeline, the way of a run. */
import { resolve } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { Invocation, OptionDeclarations, PositionalDeclaration } from './command.ts';
import { confirm } from './confirm.ts';
import { execute } from './execute.ts';
import { readyLines } from './report/final-words.ts';

export const pullPositionals = [
  { name: 'source', summary: 'Address, file, - for standard input, or lxc:DISTRO/RELEASE[/ARCH]' },
  { name: 'name', summary: 'Name of the new machine' },
] as const satisfies readonly PositionalDeclaration[];

export const pullOptions = {
  verify: {
    type: 'string',
    valueName: 'LEVEL',
    choices: ['auto', 'signature', 'checksum', 'no'],
    summary: 'What must be there and right: auto takes what there is',
  },
  sha256: { type: 'string', valueName: 'HEX', summary: 'SHA-256 that the file must have' },
  keyring: { type: 'string', valueName: 'FILE', summary: "Publisher's keys; a signature by one of them must be there" },
  arch: { type: 'string', short: 'a', valueName: 'ARCH', summary: 'amd64, i386, armhf, arm64 or riscv64' },
  proxy: { type: 'string', valueName: 'WHICH', summary: "none or a URL; the environment's otherwise" },
  imageServer: { type: 'string', valueName: 'URL', summary: 'Server that lxc: names are looked up at' },
  limitRate: { type: 'string', valueName: 'SIZE', summary: 'Bytes per second at most, such as 5M' },
  retry: { type: 'count', valueName: 'N', summary: 'Further tries in a row that bring nothing; 4 otherwise' },
  replace: { type: 'boolean', summary: 'Remove an existing machine of this name' },
  readOnly: { type: 'boolean', summary: 'Let nothing that is run in it change it' },
  fresh: { type: 'boolean', summary: 'Start over instead of going on with an interrupted run' },
  noCache: { type: 'boolean', summary: 'Fetch and unpack it even if that was done before' },
  json: { type: 'boolean', summary: 'Print the outcome as JSON' },
} as const satisfies OptionDeclarations;

/** A command of this file: `more` are inputs of its own. Gives the exit code. */
export async function pull(
  invocation: Invocation<typeof pullPositionals, typeof pullOptions>,
  pipeline: 'pull-tar' | 'pull-raw',
  more: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { positionals, options, globals, app, terminal } = invocation;
  const { parseMachineName } = await import('../model/machine-name.ts');
  const { parsePullSource } = await import('../model/pull-source.ts');
  const { parseByteRate } = await import('../model/byte-size.ts');
  const { parseArch } = await import('../model/arch.ts');
  const { requireProxyUrl } = await import('../model/package-proxy.ts');
  const name = parseMachineName(positionals.name);
  const isWord = positionals.source === '-' || /^(?:lxc:|[a-z][a-z0-9+.-]*:\/\/)/iu.test(positionals.source);
  const source = isWord ? positionals.source : resolve(globals.cwd, positionals.source);
  const { kind } = parsePullSource(source);
  const { sha256, limitRate } = options;
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/iu.test(sha256))
    throw fail('MSP_USAGE', { problem: `'${sha256}' is not a SHA-256`, hint: 'it is 64 hex digits' });
  if (limitRate !== undefined) parseByteRate(limitRate);
  if (options.proxy !== undefined && options.proxy !== 'none') requireProxyUrl(options.proxy, '--proxy');
  const inputs: Readonly<Record<string, unknown>> = {
    source,
    name,
    arch: options.arch === undefined ? undefined : parseArch(options.arch),
    verify: options.verify,
    sha256: sha256?.toLowerCase(),
    keyring: options.keyring === undefined ? undefined : resolve(globals.cwd, options.keyring),
    proxy: options.proxy,
    imageServer: options.imageServer,
    limitRate,
    retries: options.retry,
    replace: options.replace || undefined,
    readOnly: options.readOnly || undefined,
    noCache: options.noCache || undefined,
    ...more,
  };
  const request = {
    pipeline,
    inputs: Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined)),
    // What comes in through standard input is another thing each time.
    fresh: options.fresh || kind === 'stdin',
    noCache: options.noCache,
  };
  return execute(invocation, request, {
    root: true,
    json: options.json,
    confirm: async () => {
      if (!options.replace || !(await app.listMachines({ size: false })).some((machine) => machine.name === name))
        return true;
      const text = `Remove the machine ${name} that is there, and pull it anew?`;
      return confirm({ text, action: `replacing ${name}`, unattended: 'demand' }, globals, terminal);
    },
    finish: (outcome, durationMs) => {
      const { verification } = outcome.outputs;
      for (const line of readyLines(outcome, durationMs, shortSource)) terminal.say(line);
      terminal.say(`  Verified: ${typeof verification === 'string' ? verification : 'none'}`);
      return 0;
    },
  });
}

/** The file's name is enough, once it is here. */
function shortSource(source: string): string {
  if (source.startsWith('lxc:')) return source;
  return (
    source
      .split(/[?#]/u)[0]
      ?.split('/')
      .findLast((part) => part !== '') ?? source
  );
}
