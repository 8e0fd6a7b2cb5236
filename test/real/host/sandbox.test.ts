import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Exec } from '../../../src/host/exec.ts';
import { KernelLocks } from '../../../src/host/locks.ts';
import type { Command } from '../../../src/host/services.ts';
import { expectCode, scratchDirectory } from '../../unit/host/scratch.ts';

const scratch = scratchDirectory();
const exec = new Exec({ isRoot: true, graceMs: 1000 });
const never = new AbortController().signal;
const shell = async (script: string, more: Partial<Command> = {}) =>
  await exec.run({ file: 'sh', args: ['-c', script], ...more }, { signal: never });
const programPath = (name: string): string => new URL(`../../fixtures/programs/${name}.ts`, import.meta.url).pathname;

let marks = 70_000 + (process.pid % 1000) * 10;
const newMark = (): string => String((marks += 1));

/** Processes whose last argument is the mark. */
function processesOf(mark: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(mark);
      } catch {
        return false;
      }
    });
}

async function untilGone(mark: string): Promise<string[]> {
  // One that is only just being started shows a moment later.
  await sleep(100);
  for (let trial = 0; trial < 100 && processesOf(mark).length > 0; trial += 1) await sleep(20);
  return processesOf(mark);
}

test.each([0, 7, 126, 127, 139, 143])('exit code %i comes back', async (code) => {
  const scripts: Record<number, string> = { 139: 'kill -SEGV $$', 143: 'kill -TERM $$' };
  const { exitCode } = await shell(scripts[code] ?? `exit ${code}`, { okCodes: [code] });
  expect(exitCode).toBe(code);
});

test.each([true, false])('locks take no descriptor that a shell can name (in a sandbox: %s)', async (sandbox) => {
  const locks = Array.from({ length: 3 }, () => openSync('/dev/null', 'r'));
  const context = { signal: never, lockDescriptors: () => locks };
  const script = 'exec 9>/dev/null; ls /proc/self/fd';
  const { stdout } = await exec.run({ file: 'sh', args: ['-c', script], sandbox, okCodes: [0, 1] }, context);
  locks.forEach((lock) => closeSync(lock));
  const numbers = stdout.split('\n').filter((line) => /^\d+$/u.test(line));
  expect(numbers.map(Number).filter((number) => number > 3 && number !== 9 && number < 10)).toEqual([]);
  expect(numbers).toEqual(expect.arrayContaining(['10', '11', '12']));
});

test('a program that kills itself is 137, not success', async () => {
  await expectCode(shell('kill -KILL $$'), 'MSP_TOOL_FAILED');
});

test('the program sees the given input, its own descriptor 3, no lease, and few processes', async () => {
  const status: string[] = [];
  const script = 'cat; echo "P: 1 2" >&3; ls /proc/self/fd; ls -d /proc/[0-9]* | wc -l; ls -l /proc/1/exe; umask';
  const { stdout } = await shell(script, { stdin: 'input\n', onStatusLine: (line) => status.push(line) });
  expect(status).toEqual(['P: 1 2']);
  const lines = stdout.split('\n');
  expect(lines[0]).toBe('input');
  expect(stdout).toContain('dash');
  expect(Number(lines.find((line, index) => index > 4 && /^\d$/u.test(line)))).toBeLessThan(9);
  expect((await shell('ls /proc/self/fd')).stdout.split('\n')).not.toContain('5');
});

test('a narrow umask does not reach the program', async () => {
  const before = process.umask(0o077);
  try {
    expect((await shell('umask')).stdout).toBe('0022\n');
  } finally {
    process.umask(before);
  }
});

test('binds are made inside only, read-only where asked', async () => {
  const [from, to] = [`${scratch}/from`, `${scratch}/to`];
  for (const path of [from, to]) mkdirSync(path);
  writeFileSync(`${from}/file`, 'x');
  const { stdout } = await shell(`cat ${to}/file; touch ${to}/new || echo refused`, {
    binds: [{ from, to, readOnly: true }],
  });
  expect(stdout).toBe('xrefused\n');
  await shell(`touch ${to}/new`, { binds: [{ from, to }] });
  expect(existsSync(`${from}/new`)).toBe(true);
  expect(readdirSync(to)).toEqual([]);
  await expectCode(shell('true', { binds: [{ from: `${scratch}/none`, to }] }), 'MSP_TOOL_FAILED');
});

test('mounts and daemons of a program end with it', async () => {
  const mark = newMark();
  await shell(`mount -t tmpfs none ${scratch}/to; setsid sleep ${mark} & nohup sleep ${mark} >/dev/null 2>&1 & exit 0`);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(scratch);
  expect(processesOf(mark)).toEqual([]);
});

test('cancel: the trap of the program runs, its children are told too', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  const script = "trap 'echo asked; exit 3' TERM; sleep 60 & echo ready; wait";
  const work = exec.run(
    { file: 'sh', args: ['-c', script], onLine: (line) => lines.push(line) },
    { signal: controller.signal },
  );
  work.catch(() => undefined);
  while (!lines.includes('ready')) await sleep(5);
  const at = performance.now();
  controller.abort();
  await expectCode(work, 'MSP_CANCELLED');
  expect(lines).toContain('asked');
  expect(performance.now() - at).toBeLessThan(900);
});

test('cancel: what does not listen is killed after the grace time, all of it', async () => {
  const mark = newMark();
  const controller = new AbortController();
  const lines: string[] = [];
  const script = `trap '' TERM; setsid sleep ${mark} & echo ready; sleep ${mark}; sleep ${mark}; while :; do sleep 1; done`;
  const work = exec.run(
    { file: 'sh', args: ['-c', script], onLine: (line) => lines.push(line) },
    { signal: controller.signal },
  );
  work.catch(() => undefined);
  while (!lines.includes('ready')) await sleep(5);
  controller.abort();
  await expectCode(work, 'MSP_CANCELLED');
  expect(processesOf(mark)).toEqual([]);
});

async function killHolder(kind: string) {
  const mark = newMark();
  const directory = `${scratch}/leave-${mark}`;
  mkdirSync(`${directory}/mnt`, { recursive: true });
  const child = spawn(process.execPath, [programPath('leave-everything'), directory, mark, kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const locks = new KernelLocks(`${directory}/locks`, 'test');
  expect(await locks.tryAcquire('held')).toBe(null);
  child.kill('SIGKILL');
  return { mark, directory, locks };
}

test('kill -9 of the parent leaves no process, no mount and no lock', async () => {
  const { mark, directory, locks } = await killHolder('sandbox');
  expect(await untilGone(mark)).toEqual([]);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(directory);
  const lock = await locks.tryAcquire('held');
  expect(lock).not.toBe(null);
  lock?.release();
});

test('without the sandbox they stay, and so does the lock: the test above can fail', async () => {
  const { mark, directory, locks } = await killHolder('plain');
  await sleep(200);
  expect(processesOf(mark).length).toBeGreaterThanOrEqual(3);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toContain(directory);
  expect(await locks.tryAcquire('held')).toBe(null);
  for (const pid of processesOf(mark)) process.kill(Number(pid), 'SIGKILL');
  execFileSync('umount', [`${directory}/mnt`]);
});

test('kill -9 while programs are being started leaves none', async () => {
  for (let trial = 0; trial < 10; trial += 1) {
    const mark = newMark();
    const child = spawn(process.execPath, [programPath('spawn-many'), mark], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await sleep(150 + trial * 17);
    child.kill('SIGKILL');
    expect(await untilGone(mark), `trial ${trial}`).toEqual([]);
  }
});

test.each(['sandbox', 'plain'])(
  'a program gets the terminal, Ctrl-C is its own, its code comes back: %s',
  async (kind) => {
    const script =
      "trap 'echo interrupted; exit 9' INT; test -t 0 && echo terminal; read -r line; echo got $line; while :; do sleep 0.1; done";
    const command = [process.execPath, programPath('run-on-terminal'), script, kind].map(
      (word) => `'${word.replaceAll("'", `'\\''`)}'`,
    );
    const child = spawn('script', ['-q', '-e', '-c', `exec ${command.join(' ')}`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    const ended = once(child, 'exit');
    while (!output.includes('terminal')) await sleep(20);
    child.stdin.write('hello\n');
    while (!output.includes('got hello')) await sleep(20);
    child.stdin.write('\u0003');
    const [code] = (await ended) as [number];
    expect(output).toContain('interrupted');
    expect(output).toContain('sh ended with 9');
    expect(code).toBe(9);
  },
);

test('a killed parent takes the program on the terminal with it', async () => {
  const mark = newMark();
  const child = spawn(process.execPath, [programPath('run-on-terminal'), `echo ready; sleep ${mark}; true`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  expect(await untilGone(mark)).toEqual([]);
});
