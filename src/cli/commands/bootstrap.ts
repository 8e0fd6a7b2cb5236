import { resolve } from 'node:path';
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import { redact } from '../../errors/redact.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { execute } from '../execute.ts';
import { shellWords } from '../../model/shell-words.ts';
import { readyLines } from '../report/final-words.ts';

export const bootstrap = defineCommand({
  name: 'bootstrap',
  summary: 'Build a machine from scratch',
  group: 'Build',
  needsRoot: 'always',
  positionals: [
    { name: 'image', summary: 'Such as debian-12, debian-bookworm, debian:12, bookworm or bookworm/arm64' },
    { name: 'name', summary: 'Name of the new machine' },
    { name: 'arch', summary: 'Architecture of the machine; that of the host otherwise', optional: true },
  ],
  options: {
    arch: { type: 'string', short: 'a', valueName: 'ARCH', summary: 'amd64, i386, armhf or arm64' },
    variant: {
      type: 'string',
      valueName: 'NAME',
      choices: ['default', 'minbase', 'buildd'],
      summary: 'Set of packages',
    },
    include: {
      type: 'list',
      valueName: 'PKG',
      summary: 'More packages, such as nano, nano=7.2-1 or nano/bookworm-backports',
    },
    exclude: { type: 'list', valueName: 'PKG', summary: 'Packages to leave out' },
    components: { type: 'list', valueName: 'NAME', summary: 'Components of the archive; main otherwise' },
    mirror: { type: 'string', valueName: 'URL', summary: 'Archive to take packages from' },
    fallbackMirror: {
      type: 'list',
      valueName: 'URL',
      summary: 'Archive with the same packages, asked when the first one fails or sends a bad file; by the fast way',
    },
    snapshot: { type: 'string', valueName: 'DATE', summary: 'The archive as it was on a day, such as 2026-11-01' },
    suites: {
      type: 'list',
      valueName: 'NAME',
      summary: 'updates, security, backports or none; the first two otherwise',
    },
    eolApt: {
      type: 'string',
      valueName: 'HOW',
      choices: ['trusted', 'refuse'],
      summary: "Where an old archive's key has expired: apt in the machine trusts it, or refuses it",
    },
    checkValidUntil: {
      type: 'string',
      valueName: 'HOW',
      choices: ['yes', 'no'],
      summary: 'Refuse an index that has been over for 30 days (yes), or take it as it is, as of a frozen mirror (no)',
    },
    offline: { type: 'boolean', summary: 'Use only what is in the cache' },
    keyring: { type: 'string', valueName: 'FILE', summary: 'Keys that the archive is verified with' },
    proxy: { type: 'string', valueName: 'WHICH', summary: 'auto, none or a URL' },
    hostname: { type: 'string', valueName: 'NAME', summary: "Host name; the machine's name otherwise" },
    with: {
      type: 'string',
      valueName: 'WAY',
      choices: ['auto', 'fast', 'debootstrap', 'mmdebstrap'],
      summary: 'Way to bootstrap; auto takes the fastest that is right',
    },
    replace: { type: 'boolean', summary: 'Remove an existing machine of this name' },
    fresh: { type: 'boolean', summary: 'Start over instead of going on with an interrupted run' },
    noCache: { type: 'boolean', summary: 'Use no result of earlier runs' },
    refresh: { type: 'boolean', summary: 'Build the cached base anew' },
    keepFailed: { type: 'boolean', summary: 'Keep the tree of a step that fails' },
    debugShell: { type: 'boolean', summary: 'Open a shell in the tree of a step that fails' },
    json: { type: 'boolean', summary: 'Print the outcome as JSON' },
  },
  examples: [
    ['machinespawn debian-bookworm bread', 'a machine of the architecture of this host'],
    ['machinespawn bootstrap debian-12 pi arm64', 'a foreign architecture, through qemu-user'],
    ['machinespawn bookworm/i386 old --variant minbase --include=openssh-server,vim', 'few packages, and two more'],
    ['machinespawn bookworm bread --include=nano=7.2-1+deb12u1', 'that very version of a package'],
    ['machinespawn --dry-run debian-13 bread', 'what would be done, and what is in the cache'],
  ],
  details: 'A run that was interrupted for the same image, options and name is gone on with, and says so.',

  async run(invocation) {
    const { positionals, options, globals, app, terminal } = invocation;
    const { chooseArch, parseImageSpec } = await import('../../model/image-spec.ts');
    const { parseSnapshotMoment } = await import('../../model/snapshot-moment.ts');
    const { parseArch } = await import('../../model/arch.ts');
    const spec = parseImageSpec(positionals.image);
    const name = await parseName(positionals.name, invocation.typed);
    if (options.arch !== undefined && positionals.arch !== undefined && options.arch !== positionals.arch) {
      throw fail('MSP_USAGE', { problem: `two architectures are asked for: ${options.arch} and ${positionals.arch}` });
    }
    const askedText = options.arch ?? positionals.arch;
    const asked = askedText === undefined ? null : parseArch(askedText);
    const named = asked ?? spec.arch;
    const arch = named === null ? null : chooseArch(spec, asked, named);
    const { env } = terminal;
    const inputs = withoutUnset({
      image: spec.image,
      name,
      arch,
      variant: options.variant,
      include: options.include,
      exclude: options.exclude,
      components: options.components,
      mirror: options.mirror ?? env['MACHINESPAWN_MIRROR'],
      'fallback-mirrors': options.fallbackMirror,
      snapshot: options.snapshot === undefined ? undefined : parseSnapshotMoment(options.snapshot),
      suites: options.suites,
      'eol-apt': options.eolApt,
      'check-valid-until': options.checkValidUntil,
      offline: options.offline,
      keyring: options.keyring === undefined ? undefined : resolve(globals.cwd, options.keyring),
      proxy: options.proxy ?? env['MACHINESPAWN_PROXY'],
      hostname: options.hostname,
      replace: options.replace,
      with: options.with,
    });
    // sudo drops the environment: what came from it is given as options.
    const argv = [
      ...invocation.argv,
      ...(options.mirror === undefined && env['MACHINESPAWN_MIRROR'] ? [`--mirror=${env['MACHINESPAWN_MIRROR']}`] : []),
      ...(options.proxy === undefined ? proxyAsArgument(env['MACHINESPAWN_PROXY']) : []),
    ];
    const request = {
      pipeline: 'bootstrap',
      inputs,
      fresh: options.fresh,
      noCache: options.noCache,
      ...(options.refresh ? { refresh: ['*'] } : {}),
      keepFailed: options.keepFailed,
      debugShell: options.debugShell,
    };
    return execute({ ...invocation, argv }, request, {
      root: true,
      json: options.json,
      debugShell: options.debugShell,
      confirm: async () => {
        if (!options.replace || !(await app.listMachines({ size: false })).some((machine) => machine.name === name))
          return true;
        return confirm(
          {
            text: `Remove the machine ${name} that is there, and build it anew?`,
            action: `replacing ${name}`,
            unattended: 'demand',
          },
          globals,
          terminal,
        );
      },
      finish: async (outcome, durationMs) => {
        const { imageTitle } = await import('../image-title.ts');
        for (const line of readyLines(outcome, durationMs, imageTitle)) terminal.say(line);
        return 0;
      },
    });
  },
});

/** One with a password is left to the environment: arguments can be read by everyone. */
function proxyAsArgument(value: string | undefined): readonly string[] {
  return value === undefined || value === '' || redact(value) !== value ? [] : [`--proxy=${value}`];
}

/** The hint of a name that will not do is the whole command with one that will. */
async function parseName(text: string, typed: readonly string[]): Promise<string> {
  const { parseMachineName } = await import('../../model/machine-name.ts');
  try {
    return parseMachineName(text);
  } catch (error) {
    if (!MachinespawnError.is(error)) throw error;
    const suggestion = error.data['suggestion'];
    if (typeof suggestion !== 'string') throw error;
    const command = typed.map((word) => (word === text ? suggestion : word));
    throw new MachinespawnError({ ...error.toJSON(), hint: `sudo machinespawn ${shellWords(command)}` }, error);
  }
}

/** What was not asked for is left to the pipeline's defaults. */
function withoutUnset(inputs: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(inputs).filter(
      ([, value]) =>
        value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
