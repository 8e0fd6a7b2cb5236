/** Looks for a command inside a machine before it is started: systemd-nspawn tells no failure from another. */
import { posix } from 'node:path';
import { fail } from '../../errors/machinespawn-error.ts';
import type { RootFiles } from '../../host/services.ts';

/** As systemd-nspawn sets it. */
const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * `elsewhere`: directories in the machine whose content is not in its tree, such as bind mounts.
 * Throws MSP_COMMAND_NOT_FOUND, MSP_COMMAND_NOT_EXECUTABLE.
 */
export async function requireCommand(
  root: RootFiles,
  machine: { readonly name: string; readonly chdir: string; readonly elsewhere: readonly string[] },
  command: string,
): Promise<void> {
  const { name, chdir, elsewhere } = machine;
  const isElsewhere = (path: string): boolean =>
    elsewhere.some((place) => path === place || path.startsWith(`${place.replace(/\/$/u, '')}/`));
  // Relative to the user's home, which only the machine knows.
  if (command.includes('/') && !command.startsWith('/') && chdir === '') return;
  const places = command.includes('/')
    ? [posix.resolve(chdir || '/', command)]
    : searchPath.map((directory) => `${directory}/${command}`);
  if (places.some(isElsewhere)) return;
  let isThere = false;
  for (const place of places) {
    const found = await look(root, place);
    if (found === 'executable') return;
    isThere ||= found === 'there';
  }
  throw fail(isThere ? 'MSP_COMMAND_NOT_EXECUTABLE' : 'MSP_COMMAND_NOT_FOUND', { name, command });
}

async function look(root: RootFiles, path: string): Promise<'executable' | 'there' | null> {
  const info = await root.info(path);
  if (info === null) return null;
  // What a symlink leads to has to be readable; more cannot be seen without following it by hand.
  if (info.type === 'symlink')
    return (await root.list(path)).length === 0 && (await root.readStart(path, 1)) !== null ? 'executable' : null;
  return info.type === 'file' && (info.mode & 0o111) !== 0 ? 'executable' : 'there';
}
