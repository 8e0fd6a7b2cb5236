/** What programs take in memory while they run. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const sampleMs = 100;

/** The most that a command and all below it took at once, in MiB. Throws when it does not end with 0. */
export async function peakMemory([file = '', ...args]: readonly string[]): Promise<number> {
  const child = spawn(file, args, { stdio: 'ignore' });
  let most = 0;
  const sampler = setInterval(() => {
    most = Math.max(most, memoryOf(child.pid ?? 0));
  }, sampleMs);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(sampler);
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}`);
  return most;
}

/** MiB of a process and all below it, shared pages counted once. */
export function memoryOf(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/u.test(entry))) {
    const stat = read(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isBelow = (one: number): boolean => one === pid || (parents.has(one) && isBelow(parents.get(one) ?? 0));
  const kib = [...parents.keys()]
    .filter(isBelow)
    .map((one) => Number(/^Pss:\s+(\d+)/mu.exec(read(`/proc/${one}/smaps_rollup`))?.[1] ?? 0));
  return kib.reduce((sum, one) => sum + one, 0) / 1024;
}

/** A process may be gone in the meantime. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
