import { readFile } from 'node:fs/promises';

/** A process, told apart from later ones with the same number. */
export interface ProcessOwner {
  readonly pid: number;
  /** Clock ticks between boot and its start. */
  readonly startTicks: number;
  readonly bootId: string;
}

/** Field 22 of /proc/PID/stat; the program's name in it may hold blanks and brackets. */
export function parseStartTicks(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

export async function readThisProcess(): Promise<ProcessOwner> {
  return { pid: process.pid, startTicks: await readStartTicks(process.pid), bootId: await readBootId() };
}

export async function isAlive(owner: ProcessOwner): Promise<boolean> {
  if (owner.bootId !== (await readBootId())) return false;
  return (await readStartTicks(owner.pid)) === owner.startTicks;
}

export function isSameProcess(one: ProcessOwner, other: ProcessOwner): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId;
}

/** Names the time between the host's start and its going down. */
export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** NaN when there is no such process, or only its corpse. */
async function readStartTicks(pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'Z'
      ? Number.NaN
      : parseStartTicks(stat);
  } catch {
    return Number.NaN;
  }
}
