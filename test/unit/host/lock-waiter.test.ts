import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KernelLocks } from '../../../src/host/locks.ts';
import { expectCode, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const program = new URL('../../fixtures/programs/hold-lock.ts', import.meta.url).pathname;

/** Numbers of our own children that run flock(1). */
function waiters(): readonly number[] {
  return readdirSync('/proc/self/task')
    .flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean))
    .map(Number)
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'flock');
}

test('a lock whose waiting program is killed is not taken for held', async () => {
  const holder = spawn(process.execPath, [program, scratch, 'x'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  const waiting = new KernelLocks(scratch, 'the test').acquire('x', {
    signal: new AbortController().signal,
    onWait: () => {},
  });
  const refused = expectCode(waiting, 'MSP_LOCK_UNSUPPORTED');
  await expect.poll(waiters, { timeout: 5000 }).toHaveLength(1);
  for (const pid of waiters()) process.kill(pid, 'SIGKILL');
  await refused;
  holder.kill('SIGKILL');
});
