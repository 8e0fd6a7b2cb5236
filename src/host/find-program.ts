import { access, constants, stat } from 'node:fs/promises';
import { fail } from '../errors/machinespawn-error.ts';
import { packageOfTool } from './tool-packages.ts';

/** The PATH of every program that we start. The caller's own is not used: it may be a user's. */
export const fixedPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Absolute path of a program on the fixed PATH; null when it is not there. A name with a slash is taken as it is. */
export async function findProgram(name: string): Promise<string | null> {
  if (name.includes('/')) return (await isExecutable(name)) ? name : null;
  for (const directory of fixedPath.split(':')) {
    const path = `${directory}/${name}`;
    if (await isExecutable(path)) return path;
  }
  return null;
}

/** The same; throws MSP_TOOL_MISSING. */
export async function requireProgram(name: string): Promise<string> {
  const path = await findProgram(name);
  if (path !== null) return path;
  throw fail('MSP_TOOL_MISSING', { tool: name, debianPackage: packageOfTool(name) });
}
