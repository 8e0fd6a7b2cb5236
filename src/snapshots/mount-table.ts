import { readFile, realpath } from 'node:fs/promises';
import { fail } from '../errors/machinespawn-error.ts';

export interface MountEntry {
  readonly path: string;
  readonly fileSystem: string;
  /** `major:minor`; equal for all mounts and all subvolumes of one file system. */
  readonly device: string;
}

/** Reads the text of /proc/PID/mountinfo; later mounts come later. */
export function parseMountTable(text: string): readonly MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [device, path, fileSystem] = [fields[2], fields[4], fields[dash + 1]];
    if (dash < 0 || device === undefined || path === undefined || fileSystem === undefined) continue;
    entries.push({ device, fileSystem, path: unescape(path) });
  }
  return entries;
}

function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/gu, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export function mountsBelow(table: readonly MountEntry[], path: string): readonly string[] {
  const prefix = path.endsWith('/') ? path : `${path}/`;
  return table.filter((entry) => entry.path !== path && entry.path.startsWith(prefix)).map((entry) => entry.path);
}

/** The mount that `path` (absolute, no symlinks) lies on. */
export function mountOf(table: readonly MountEntry[], path: string): MountEntry | null {
  let best: MountEntry | null = null;
  for (const entry of table) {
    const holds = entry.path === '/' || entry.path === path || path.startsWith(`${entry.path}/`);
    // The last of equals is on top.
    if (holds && (best === null || entry.path.length >= best.path.length)) best = entry;
  }
  return best;
}

/** The mounts of this process. */
export async function readMountTable(): Promise<readonly MountEntry[]> {
  // latin1 keeps bytes that are no UTF-8 apart; paths are brought to the same form before they are compared.
  const text = await readFile('/proc/self/mountinfo', 'latin1');
  return parseMountTable(text).map((entry) => ({ ...entry, path: Buffer.from(entry.path, 'latin1').toString() }));
}

/** Throws MSP_TREE_HAS_MOUNTS when something is mounted below `path`, or with `itself` on it. */
export async function refuseMounts(path: string, options: { readonly itself: boolean }): Promise<void> {
  const real = await realpath(path);
  const table = await readMountTable();
  const mounts = [...mountsBelow(table, real)];
  if (options.itself && table.some((entry) => entry.path === real)) mounts.unshift(real);
  if (mounts.length > 0) throw fail('MSP_TREE_HAS_MOUNTS', { path, mounts });
}
