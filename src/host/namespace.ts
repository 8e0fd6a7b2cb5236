import { spawnSync } from 'node:child_process';
import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import { cleanEnvironment } from './clean-environment.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Names the process that `enterPrivateNamespace` has given its namespace, so that it happens once, and only to that one. */
const namespaceMarker = 'MACHINESPAWN_PRIVATE_NAMESPACE';

/** Has `enterPrivateNamespace` given this very process its mount namespace? PID 1's may be hidden, even from root. */
export function isPrivateNamespace(environment: Environment): boolean {
  return environment[namespaceMarker] === String(process.pid);
}

function unshareFailed(problem: string): MachinespawnError {
  const command = 'unshare --mount --propagation slave -- true';
  return fail('MSP_TOOL_FAILED', { tool: 'unshare', exitCode: null, tail: problem, command });
}

/**
 * Replaces this process by itself in a private mount namespace, in which it sees new mounts of the host but the host none
 * of its own. Returns only when that was done already. `argv` is Node's: its path, the script, the arguments.
 * Throws MSP_TOOL_FAILED where namespaces are not allowed, MSP_TOOL_MISSING.
 */
export function enterPrivateNamespace(argv: readonly string[], environment: Environment): void {
  // Another namespace than that of PID 1 is not enough: it may be a service's, and what we mount would stay there.
  if (isPrivateNamespace(environment)) return;
  const unshare = '/usr/bin/unshare';
  const options = ['--mount', '--propagation', 'slave', '--'];
  // Once replaced we could not say what is wrong any more.
  const trial = spawnSync(unshare, [...options, '/bin/true'], { encoding: 'utf8', env: cleanEnvironment() });
  if (trial.error !== undefined) {
    throw fail('MSP_TOOL_MISSING', { tool: 'unshare', debianPackage: 'util-linux' }, trial.error);
  }
  if (trial.status !== 0) throw unshareFailed(trial.stderr.trim());
  if (process.execve === undefined) throw unshareFailed(`Node ${process.version} has no process.execve`);
  const [, ...rest] = argv;
  const given = Object.entries({ ...environment, [namespaceMarker]: String(process.pid) }).filter(
    ([, value]) => value !== undefined,
  );
  process.execve(
    unshare,
    ['unshare', ...options, process.execPath, ...process.execArgv, ...rest],
    Object.fromEntries(given),
  );
}
