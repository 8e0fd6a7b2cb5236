import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const victim = new URL('victim.ts', import.meta.url).pathname;
// Namespaces of its own: with its first process go all others, and its mounts.
const wrapper = ['--mount', '--propagation', 'slave', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Kills the victim at moments spread over its whole work (measured first); `after` looks at what each left. */
export async function killAtMoments(
  args: readonly string[],
  moments: number,
  after: () => Promise<void>,
): Promise<{ readonly killed: number }> {
  const wholeMs = await runVictim(args, null);
  await after();
  if (wholeMs === null) throw new TypeError('the victim did not finish by itself');
  let killed = 0;
  for (let moment = 0; moment < moments; moment += 1) {
    if ((await runVictim(args, (wholeMs * moment) / moments)) === null) killed += 1;
    await after();
  }
  return { killed };
}

/** Milliseconds from "ready" to its end, or null when it was killed before. */
async function runVictim(args: readonly string[], killAfterMs: number | null): Promise<number | null> {
  const child = spawn('unshare', [...wrapper, process.execPath, victim, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('ready')) resolve();
    });
  });
  await Promise.race([ready, closed]);
  const start = performance.now();
  if (killAfterMs !== null) {
    await sleep(killAfterMs);
    child.kill('SIGKILL');
  }
  await closed;
  return said.includes('done') ? performance.now() - start : null;
}
