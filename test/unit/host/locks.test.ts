import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { KernelLocks } from '../../../src/host/locks.ts';
import { expectCode, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const locks = new KernelLocks(scratch, 'the test');
const program = new URL('../../fixtures/programs/hold-lock.ts', import.meta.url).pathname;

async function holdElsewhere(name: string) {
  const child = spawn(process.execPath, [program, scratch, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

const never = new AbortController().signal;

test('one holder at a time, inside one process too, and the file stays', async () => {
  const lock = await locks.tryAcquire('a/b');
  expect(lock).not.toBe(null);
  expect(await locks.tryAcquire('a/b')).toBe(null);
  expect(locks.holder('a/b')).toBe('the test');
  expect(locks.descriptors((name) => name === 'a/b')).toHaveLength(1);
  lock?.release();
  lock?.release();
  expect(locks.descriptors(() => true)).toEqual([]);
  expect(locks.holder('a/b')).toBe(null);
  expect(existsSync(locks.pathOf('a/b'))).toBe(true);
  (await locks.tryAcquire('a/b'))?.release();
});

test('waits for another process, hears who it is, and gets the lock after kill -9', async () => {
  const { child, said } = await holdElsewhere('contended');
  expect(said).toBe('held');
  const holders: (string | null)[] = [];
  let isMine = false;
  const waiting = locks
    .acquire('contended', { signal: never, onWait: (holder) => holders.push(holder) })
    .then((lock) => {
      isMine = true;
      return lock;
    });
  await sleep(150);
  expect(isMine).toBe(false);
  child.kill('SIGKILL');
  const lock = await waiting;
  expect(holders).toEqual([`process ${child.pid} (hold-lock)`]);
  expect(await holdElsewhere('contended').then(({ child: other, said: words }) => (other.kill('SIGKILL'), words))).toBe(
    'busy',
  );
  lock.release();
});

test('a free lock is taken without a word', async () => {
  const lock = await locks.acquire('free', { signal: never, onWait: () => expect.unreachable() });
  lock.release();
});

test('waiting ends with the signal, and leaves no lock behind', async () => {
  const lock = await locks.tryAcquire('wait');
  const controller = new AbortController();
  const waiting = locks.acquire('wait', { signal: controller.signal, onWait: () => controller.abort() });
  await expectCode(waiting, 'MSP_CANCELLED');
  lock?.release();
  const again = await locks.tryAcquire('wait');
  expect(again).not.toBe(null);
  again?.release();
});

test('a place where no file can be made', async () => {
  await expectCode(new KernelLocks('/dev/null/locks', 'x').tryAcquire('a'), 'MSP_FILE_UNWRITABLE');
});
