/** What a build that was killed may have left on the host. Only what belongs to the given directory is looked at. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The kernel takes its time to end a namespace. */
const patienceMs = 5000;

/** Processes below this one, with when they started: a pid alone may be somebody else's by then. */
export function descendantsOf(pid: number): ReadonlyMap<number, string> {
  const children = new Map<number, number[]>();
  const starts = new Map<number, string>();
  for (const id of pids()) {
    const stat = statOf(id);
    if (stat === null) continue;
    starts.set(id, stat.start);
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), id]);
  }
  const found = new Map<number, string>();
  const visit = (id: number): void => {
    found.set(id, starts.get(id) ?? '');
    for (const child of children.get(id) ?? []) visit(child);
  };
  visit(pid);
  return found;
}

/** One line for each thing that is left; waits a little for the kernel. `known`: processes that must be gone. */
export async function leaksOf(
  directory: string,
  known: ReadonlyMap<number, string> = new Map(),
): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = leaksNow(directory, known);
    if (found.length === 0 || performance.now() > deadline) return found;
    await sleep(50);
  }
}

function leaksNow(directory: string, known: ReadonlyMap<number, string>): readonly string[] {
  const alive = [...known].filter(([pid, start]) => statOf(pid)?.start === start).map(([pid]) => pid);
  const users = pids().filter((pid) => pid !== process.pid && uses(pid, directory));
  return [
    ...[...new Set([...alive, ...users])].map((pid) => `process ${pid}: ${commandLineOf(pid)}`),
    ...mountsIn(directory).map((mount) => `mount ${mount}`),
    ...loopFilesIn(directory).map((file) => `loop device of ${file}`),
    ...locksIn(directory).map((file) => `lock ${file}`),
  ];
}

function uses(pid: number, directory: string): boolean {
  const fds = names(`/proc/${pid}/fd`).map((name) => `fd/${name}`);
  const links = ['cwd', 'root', 'exe', ...fds].map((name) => linkOf(`/proc/${pid}/${name}`));
  return [...links, commandLineOf(pid)].some((text) => text.includes(directory)) && !isTest(pid);
}

/** Processes of the test itself: this one, those above it, and what vitest has beside it. */
function isTest(pid: number): boolean {
  const above = new Set<number>();
  for (let id = process.pid; id > 1; id = statOf(id)?.parent ?? 0) above.add(id);
  return above.has(pid);
}

function mountsIn(directory: string): readonly string[] {
  const found = new Set<string>();
  for (const pid of pids()) {
    for (const line of textOf(`/proc/${pid}/mountinfo`).split('\n')) {
      const place = line.split(' ')[4] ?? '';
      if (place.startsWith(`${directory}/`)) found.add(`${place} (seen by process ${pid})`);
    }
  }
  return [...found];
}

function loopFilesIn(directory: string): readonly string[] {
  return names('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .map((name) => textOf(`/sys/block/${name}/loop/backing_file`).trim())
    .filter((file) => file.startsWith(`${directory}/`));
}

/** Lock files below the directory that somebody holds, by the kernel's own table. */
function locksIn(directory: string): readonly string[] {
  const held = new Set(
    textOf('/proc/locks')
      .split('\n')
      .map((line) => /:(\d+) \S+ \S+$/u.exec(line)?.[1])
      .filter((inode) => inode !== undefined),
  );
  return lockFiles(directory).filter((file) => {
    const inode = inodeOf(file);
    return inode !== null && held.has(inode);
  });
}

/** In the few places where locks are; the trees themselves are large. */
function lockFiles(directory: string): readonly string[] {
  const found: string[] = [];
  const visit = (path: string, depth: number): void => {
    for (const entry of entriesOf(path)) {
      const full = join(path, entry.name);
      if (entry.isFile() && /\.(?:lock|lck)$/u.test(entry.name)) found.push(full);
      else if (entry.isDirectory() && depth > 0) visit(full, depth - 1);
    }
  };
  visit(directory, 4);
  return found;
}

function pids(): readonly number[] {
  return names('/proc').map(Number).filter(Number.isInteger);
}

/** Null for one that is gone, and for a zombie, which holds nothing. */
function statOf(pid: number): { readonly parent: number; readonly start: string } | null {
  const text = textOf(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  const start = fields[19];
  return start === undefined || state === 'Z' || state === 'X' ? null : { parent: Number(parent), start };
}

function commandLineOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function names(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function entriesOf(path: string): ReturnType<typeof readDirectory> {
  try {
    return readDirectory(path);
  } catch {
    return [];
  }
}

function readDirectory(path: string) {
  return readdirSync(path, { withFileTypes: true });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function inodeOf(path: string): string | null {
  try {
    return String(statSync(path).ino);
  } catch {
    return null;
  }
}
