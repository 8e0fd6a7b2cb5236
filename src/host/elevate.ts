import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fail } from '../errors/machinespawn-error.ts';
import { quoteCommand } from './quote-command.ts';

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
  const isFree = spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (!isFree && !options.mayAsk) throw wanted;
  options.onElevate?.();
  const given = Object.entries(environment).filter(([, value]) => value !== undefined);
  process.execve(sudo, ['sudo', ...command], Object.fromEntries(given));
  throw wanted;
}
