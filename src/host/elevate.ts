import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fail } from '../errors/machinespawn-error.ts';
import { quoteCommand } from './quote-command.ts';

/** The way through the network, and whom to trust there. As arguments, everyone on this host could read its password. */
const proxyNames = ['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'];
const carriedNames = [
  ...proxyNames,
  ...proxyNames.map((name) => name.toUpperCase()),
  'MACHINESPAWN_PROXY',
  'NODE_EXTRA_CA_CERTS',
];

export interface ElevateOptions {
  /** Node's argv: its path, the script as an absolute path, the arguments. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** May sudo ask for a password? Only with a terminal. */
  readonly mayAsk: boolean;
  /** Off: say what to type instead. */
  readonly isAllowed: boolean;
  /** @default "/usr/bin/sudo" */
  readonly sudo?: string;
  /** Called before this process is replaced, such as to say so. */
  readonly onElevate?: () => void;
}

/**
 * Replaces this process by itself as root, through sudo by absolute paths: secure_path may not know our Node.
 * Throws MSP_ROOT_NEEDED, with the exact command, where sudo cannot do it.
 */
export function elevate(options: ElevateOptions): never {
  const { argv, environment, sudo = '/usr/bin/sudo' } = options;
  const [, ...rest] = argv;
  const command = ['--', process.execPath, ...process.execArgv, ...rest];
  const wanted = fail('MSP_ROOT_NEEDED', { command: quoteCommand(['sudo', ...command]) });
  if (!options.isAllowed || !existsSync(sudo) || process.execve === undefined) throw wanted;
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
  const may = (args: readonly string[]): boolean =>
    spawnSync(sudo, ['-n', ...args, 'true'], { stdio: 'ignore', env: given }).status === 0;
  const carried = carriedNames.filter((name) => environment[name]);
  const wish = carried.length === 0 ? [] : [`--preserve-env=${carried.join(',')}`];
  const isFree = may(wish);
  // A host may forbid that anything is carried over.
  const isFreeWithout = !isFree && wish.length > 0 && may([]);
  if (!isFree && !isFreeWithout && !options.mayAsk) throw wanted;
  options.onElevate?.();
  process.execve(sudo, ['sudo', ...(isFreeWithout ? [] : wish), ...command], given);
  throw wanted;
}
