import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const nspawnLocks = '/run/systemd/nspawn/locks';
const registeredMachines = '/run/systemd/machines';

/** "MAJOR:MINOR:INODE" of every file that somebody holds a lock on: /proc/locks. */
function parseLocks(text: string): ReadonlySet<string> {
  const found = text.split('\n').flatMap((line) => {
    const [, major, minor, inode] = / ([\da-f]+):([\da-f]+):(\d+) \S+ \S+$/iu.exec(line) ?? [];
    if (major === undefined || minor === undefined || line.includes('->')) return [];
    return [`${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}:${inode}`];
  });
  return new Set(found);
}

async function lockNameOf(path: string): Promise<string | null> {
  const stats = await stat(path).catch(() => null);
  if (stats === null) return null;
  const major = (stats.dev >>> 8) & 0xfff;
  const minor = (stats.dev & 0xff) | ((stats.dev >>> 12) & 0xfff00);
  return `${major}:${minor}:${stats.ino}`;
}

async function registeredHolder(name: string): Promise<string | null> {
  const text = await readFile(join(registeredMachines, name), 'utf8').catch(() => null);
  if (text === null) return null;
  const leader = /^LEADER=(\d+)$/mu.exec(text)?.[1];
  // The file of a machine that ended unseen stays.
  if (leader !== undefined && (await stat(`/proc/${leader}`).catch(() => null)) === null) return null;
  const service = /^SERVICE=(.*)$/mu.exec(text)?.[1] ?? 'systemd-machined';
  return leader === undefined ? service : `${service}, process ${leader}`;
}

/**
 * Who uses a machine's tree: machined's word for it, or systemd-nspawn by the locks that it holds beside the tree and in
 * /run. They are locks of the kind that flock(1) does not see (F_OFD_SETLK), so the kernel's table is read; no file is made.
 */
export async function machineHolder(name: string, path: string): Promise<string | null> {
  const registered = await registeredHolder(name);
  if (registered !== null) return registered;
  const locks = parseLocks(await readFile('/proc/locks', 'utf8'));
  const tree = await stat(path);
  const candidates = [
    join(dirname(path), `.#${name}.lck`),
    join(dirname(path), `.#${name}.raw.lck`),
    join(nspawnLocks, `inode-${tree.dev}:${tree.ino}`),
  ];
  for (const candidate of candidates) {
    const lock = await lockNameOf(candidate);
    if (lock !== null && locks.has(lock)) return 'systemd-nspawn';
  }
  return null;
}
