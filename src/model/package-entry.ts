/** What the data member of a package may hold: nothing that could reach out of the tree. */
import { fail } from '../errors/machinespawn-error.ts';
import type { TarEntry } from './tar-entry.ts';

/** The line of a .list file: "/.", "/usr/bin/x". Throws MSP_PACKAGE_HOSTILE. */
export function listedPath({ name, type, linkName }: TarEntry, of: string): string {
  const hostile = (problem: string) => fail('MSP_PACKAGE_HOSTILE', { package: of, entry: name, problem });
  const path = insidePath(name);
  if (path === null) throw hostile('its name leads out of the tree');
  if (/[\0\n]/u.test(name)) throw hostile('its name has a line break');
  if (type === 'char' || type === 'block') throw hostile('it is a device');
  if (type === 'link' && insidePath(linkName) === null) throw hostile(`it is a link out of the tree, to ${linkName}`);
  // An absolute target is one inside the machine, as dpkg has it.
  if (type === 'symlink' && !linkName.startsWith('/') && climbsOut(path, linkName))
    throw hostile(`it is a link out of the tree, to ${linkName}`);
  return path;
}

/** Null for a name with "..", or an absolute one. */
function insidePath(name: string): string | null {
  if (name.startsWith('/')) return null;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return null;
  return parts.length === 0 ? '/.' : `/${parts.join('/')}`;
}

function climbsOut(path: string, target: string): boolean {
  let depth = path.split('/').length - 2;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
