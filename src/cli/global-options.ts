/** Options of every command, and the environment variables that stand for them. */
import { isAbsolute, resolve } from 'node:path';
import type { Settings } from '../app-types.ts';
import { fail } from '../errors/machinespawn-error.ts';
import type { OptionDeclarations, OptionValues } from './command.ts';
import type { Environment } from './terminal.ts';

const progressModes = ['auto', 'tty', 'plain', 'json', 'github', 'none'] as const;
export type ProgressMode = (typeof progressModes)[number];
const snapshotDrivers = ['auto', 'btrfs', 'overlay', 'copy'] as const;
const colorModes = ['auto', 'always', 'never'] as const;

export const globalOptions = {
  quiet: { type: 'boolean', short: 'q', summary: 'Only errors; lists: only names' },
  verbose: { type: 'boolean', short: 'v', summary: 'More; -vv shows the output of programs' },
  progress: { type: 'string', valueName: 'MODE', choices: progressModes, summary: 'How progress is shown' },
  color: { type: 'string', valueName: 'WHEN', choices: colorModes, summary: 'Colors' },
  yes: { type: 'boolean', short: 'y', summary: 'Answer yes to every question' },
  noInput: { type: 'boolean', summary: 'Never ask' },
  dryRun: { type: 'boolean', summary: 'Show the plan, change nothing' },
  logFile: { type: 'string', valueName: 'FILE', summary: 'Write JSON lines of everything' },
  directory: { type: 'string', short: 'C', valueName: 'DIR', summary: 'Work as if started there' },
  jobs: { type: 'count', short: 'j', valueName: 'N', summary: 'Steps side by side' },
  stateDir: { type: 'string', valueName: 'DIR', summary: 'Runs and what is known of machines' },
  cacheDir: { type: 'string', valueName: 'DIR', summary: 'Snapshots, packages and downloads' },
  machinesDir: { type: 'string', valueName: 'DIR', summary: 'Where machines live' },
  snapshotDriver: { type: 'string', valueName: 'NAME', choices: snapshotDrivers, summary: 'How trees are copied' },
  plugin: { type: 'repeat', valueName: 'PATH', summary: 'A plugin beside those that the pipeline names' },
  trustPlugins: { type: 'boolean', summary: 'Run the code of plugins without asking' },
  help: { type: 'boolean', short: 'h', summary: 'Show help' },
  version: { type: 'boolean', short: 'V', summary: 'Show the version; with --json those of the tools beside us' },
} as const satisfies OptionDeclarations;

export interface Globals {
  readonly quiet: boolean;
  /** 0, 1 or 2. */
  readonly verbose: number;
  readonly progress: ProgressMode;
  readonly color: (typeof colorModes)[number];
  readonly yes: boolean;
  readonly noInput: boolean;
  readonly dryRun: boolean;
  readonly logFile: string | null;
  readonly cwd: string;
  readonly jobs: number | undefined;
  readonly plugins: readonly string[];
  readonly trustPlugins: boolean;
  /** What was asked for; the app knows the rest. */
  readonly settings: Partial<Settings>;
}

/** Environment variable -> the option it stands for. MIRROR and PROXY are read by the commands that take them. */
const fromEnvironment = {
  MACHINESPAWN_STATE_DIR: 'stateDir',
  MACHINESPAWN_CACHE_DIR: 'cacheDir',
  MACHINESPAWN_MACHINES_DIR: 'machinesDir',
  MACHINESPAWN_PROGRESS: 'progress',
  MACHINESPAWN_JOBS: 'jobs',
  MACHINESPAWN_SNAPSHOT_DRIVER: 'snapshotDriver',
} as const;

/** Options wins over environment. Throws MSP_USAGE for a value that the variable cannot have. */
export function readGlobals(
  values: OptionValues<typeof globalOptions>,
  verbose: number,
  env: Environment,
  cwd: string,
): Globals {
  const text = (option: (typeof fromEnvironment)[keyof typeof fromEnvironment]): string | undefined => {
    const given = values[option];
    return given === undefined ? environmentValue(option, env) : String(given);
  };
  const directory = values.directory === undefined ? cwd : resolve(cwd, values.directory);
  const path = (value: string | undefined): string | undefined =>
    value === undefined || isAbsolute(value) ? value : resolve(directory, value);
  const settings = {
    stateDirectory: path(text('stateDir')),
    cacheDirectory: path(text('cacheDir')),
    machinesDirectory: path(text('machinesDir')),
    snapshotDriver: text('snapshotDriver'),
  };
  const jobs = text('jobs');
  return {
    quiet: values.quiet,
    verbose,
    progress: (text('progress') ?? 'auto') as ProgressMode,
    color: (values.color ?? 'auto') as Globals['color'],
    yes: values.yes,
    noInput: values.noInput || isSet(env['MACHINESPAWN_NO_INPUT']),
    dryRun: values.dryRun,
    logFile: path(values.logFile) ?? null,
    cwd: directory,
    jobs: jobs === undefined ? undefined : Number(jobs),
    plugins: values.plugin,
    trustPlugins: values.trustPlugins,
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  };
}

/** The arguments that say what the environment said; for a re-start through sudo, which drops the environment. */
export function environmentAsArguments(env: Environment, typed: readonly string[]): readonly string[] {
  const before: string[] = [];
  for (const [variable, option] of Object.entries(fromEnvironment)) {
    const value = env[variable];
    if (value) before.push(`--${option.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}=${value}`);
  }
  if (isSet(env['MACHINESPAWN_NO_INPUT'])) before.push('--no-input');
  if (env['NO_COLOR']) before.push('--color=never');
  // A typed option comes later, and the last one wins.
  return [...before, ...typed];
}

function environmentValue(option: string, env: Environment): string | undefined {
  for (const [variable, stands] of Object.entries(fromEnvironment)) {
    const value = env[variable];
    if (stands !== option || !value) continue;
    const declaration = globalOptions[stands];
    const choices: readonly string[] | undefined = 'choices' in declaration ? declaration.choices : undefined;
    if (choices !== undefined && !choices.includes(value)) {
      throw fail('MSP_USAGE', { problem: `${variable} is '${value}': it is one of ${choices.join(', ')}` });
    }
    if (declaration.type === 'count' && !/^\d{1,6}$/u.test(value)) {
      throw fail('MSP_USAGE', { problem: `${variable} is '${value}': it is a whole number` });
    }
    return value;
  }
  return undefined;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
