import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const victim = new URL('victim.ts', import.meta.url).pathname;
// Namespaces of its own: with its first process go all others, and its mounts.
const wrapper = ['--mount', '--propagation', 'slave', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Kills the victim at moments spread over the programs it starts; `after` looks at what each left. */
export async function killAtMoments(
  args: readonly string[],
  moments: number,
  after: () => Promise<void>,
): Promise<{ readonly killed: number }> {
  const whole = await runVictim(args, null);
  await after();
  if (!whole.isDone) throw new TypeError('the victim did not finish by itself');
  let killed = 0;
  for (let moment = 0; moment < moments; moment += 1) {
    const call = 1 + Math.floor((whole.calls * moment) / moments);
    // Now at the start of a program, now in its middle or just after it.
    if (!(await runVictim(args, { call, pauseMs: (moment * 3) % 8 })).isDone) killed += 1;
    await after();
  }
  return { killed };
}

async function runVictim(
  args: readonly string[],
  kill: { readonly call: number; readonly pauseMs: number } | null,
): Promise<{ readonly calls: number; readonly isDone: boolean }> {
  const child = spawn('unshare', [...wrapper, process.execPath, victim, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const countCalls = (): number => said.split('call\n').length - 1;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const reached = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (kill !== null && countCalls() >= kill.call) resolve();
    });
  });
  await Promise.race([reached, closed]);
  if (kill !== null) {
    await sleep(kill.pauseMs);
    child.kill('SIGKILL');
  }
  await closed;
  return { calls: countCalls(), isDone: said.includes('done') };
}
