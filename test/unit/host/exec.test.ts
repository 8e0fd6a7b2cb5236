import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { fail, type MachinespawnError } from '../../../src/errors/machinespawn-error.ts';
import { Exec } from '../../../src/host/exec.ts';
import { expectCode, runPlainly, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const shell = (script: string) => ({ file: 'sh', args: ['-c', script] });

test('the environment is clean, whatever the caller has', async () => {
  process.env['MSP_TEST_LEAK'] = 'yes';
  const { stdout } = await runPlainly({ ...shell('env; umask'), env: { EXTRA: '1' } });
  delete process.env['MSP_TEST_LEAK'];
  const names = stdout
    .split('\n')
    .map((line) => line.split('=')[0])
    .filter(Boolean)
    .filter((name) => name !== 'PWD');
  expect(new Set(names)).toEqual(new Set(['0022', 'EXTRA', 'HOME', 'LC_ALL', 'PATH', 'TERM', 'TZ']));
});

test('a narrow umask of the caller does not reach the program', async () => {
  const before = process.umask(0o077);
  try {
    expect((await runPlainly(shell('umask'))).stdout).toBe('0022\n');
  } finally {
    process.umask(before);
  }
});

test('stdout and stderr are pipes that can be opened by name, as maintainer scripts do', async () => {
  const result = await runPlainly(shell('echo out >/dev/stdout; echo err >/dev/stderr'));
  expect(result).toEqual({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
});

test('stdin is empty or the given text', async () => {
  expect((await runPlainly(shell('cat'))).stdout).toBe('');
  expect((await runPlainly({ ...shell('cat'), stdin: 'text' })).stdout).toBe('text');
});

test('bytes come out as they are, and stay out of the lines and of the log', async () => {
  const got: Buffer[] = [];
  const lines: string[] = [];
  const result = await runPlainly({
    ...shell("printf '\\000\\377\\012\\200\\015\\303'; echo said >&2"),
    onBytes: (chunk) => got.push(chunk),
    onLine: (line) => lines.push(line),
  });
  expect(Buffer.concat(got)).toEqual(Buffer.from([0, 255, 10, 128, 13, 0xc3]));
  expect(lines).toEqual(['said']);
  expect(result).toEqual({ exitCode: 0, stdout: '', stderr: 'said\n' });
});

test('lines of both outputs, and of descriptor 3 apart', async () => {
  const lines: string[] = [];
  const status: string[] = [];
  const script = 'echo one; sleep 0.1; echo two >&2; echo P: 1 2 >&3';
  await runPlainly({ ...shell(script), onLine: (line) => lines.push(line), onStatusLine: (line) => status.push(line) });
  expect(lines).toEqual(['one', 'two']);
  expect(status).toEqual(['P: 1 2']);
});

test('only the end of a long output is kept', async () => {
  const { stdout } = await runPlainly(shell('head -c 5000000 /dev/zero | tr "\\0" x; echo end'));
  expect(stdout).toHaveLength(1024 * 1024);
  expect(stdout.endsWith('xend\n')).toBe(true);
});

test('a failure tells code, tail and a command that can be pasted, without credentials', async () => {
  const error = await expectCode(
    runPlainly(shell('echo "E: http://me:pw@mirror/x"; exit 7; # http://me:pw@mirror')),
    'MSP_TOOL_FAILED',
  );
  expect((error as MachinespawnError).data).toMatchObject({ tool: 'sh', exitCode: 7, tail: 'E: http://***@mirror/x' });
  expect(JSON.stringify(error)).not.toContain('me:pw');
  expect((await runPlainly({ ...shell('exit 7'), okCodes: [0, 7] })).exitCode).toBe(7);
});

test('a full disk is told apart', async () => {
  const script = 'echo "cp: error writing \'/x/y\': No space left on device" >&2; exit 1';
  const error = await expectCode(runPlainly(shell(script)), 'MSP_DISK_FULL');
  expect((error as MachinespawnError).data).toEqual({ path: '/x/y' });
});

test('a program that is not there names its package', async () => {
  const error = (await expectCode(runPlainly({ file: 'nonesuch', args: [] }), 'MSP_TOOL_MISSING')) as MachinespawnError;
  expect(error.data).toEqual({ tool: 'nonesuch', debianPackage: 'nonesuch' });
});

test('a directory that is not there', async () => {
  await expectCode(runPlainly({ ...shell('true'), cwd: '/nonesuch' }), 'MSP_TOOL_FAILED');
});

test('binds need root', async () => {
  await expectCode(runPlainly({ ...shell('true'), binds: [{ from: '/a', to: '/b' }] }), 'MSP_ROOT_NEEDED');
});

test('a time limit ends the program and its children', async () => {
  const startedAt = performance.now();
  const error = await expectCode(runPlainly({ ...shell('sleep 30 & wait'), timeoutMs: 200 }), 'MSP_TOOL_FAILED');
  expect(error.message).toContain('did not end within 0.2 s');
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

test('a program that is given up dies at once, and has failed', async () => {
  const startedAt = performance.now();
  const giveUp = AbortSignal.timeout(200);
  const error = await expectCode(runPlainly({ ...shell("trap '' TERM; sleep 30"), giveUp }), 'MSP_TOOL_FAILED');
  expect(error.message).toContain('it was given up');
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect((await runPlainly({ ...shell('true'), giveUp: new AbortController().signal })).exitCode).toBe(0);
});

test('cancel asks first, then kills after the grace time', async () => {
  const exec = new Exec({ isRoot: false, graceMs: 300 });
  const controller = new AbortController();
  const lines: string[] = [];
  const stubborn = exec.run(
    {
      ...shell("trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done"),
      onLine: (line) => lines.push(line),
    },
    { signal: controller.signal },
  );
  stubborn.catch(() => undefined);
  while (!lines.includes('ready')) await sleep(10);
  const at = performance.now();
  controller.abort(fail('MSP_CANCELLED', { reason: 'SIGINT' }));
  const error = await expectCode(stubborn, 'MSP_CANCELLED');
  expect(error.message).toBe('stopped: SIGINT');
  expect(lines).toContain('asked');
  expect(performance.now() - at).toBeGreaterThanOrEqual(290);
});

test.each(['reason', 'kill signal'])('a hard cancel by %s kills at once', async (how) => {
  const kill = new AbortController();
  const ask = new AbortController();
  const exec = new Exec({ isRoot: false, graceMs: 60_000, kill: kill.signal });
  const lines: string[] = [];
  const stubborn = exec.run(
    { ...shell("trap '' TERM; echo ready; while :; do sleep 0.05; done"), onLine: (line) => lines.push(line) },
    { signal: ask.signal },
  );
  stubborn.catch(() => undefined);
  while (!lines.includes('ready')) await sleep(10);
  if (how === 'reason') ask.abort({ hard: true });
  else kill.abort();
  await expectCode(stubborn, 'MSP_CANCELLED');
});

test('nothing starts when it was cancelled before', async () => {
  const path = `${scratch}/touched`;
  const exec = new Exec({ isRoot: false });
  await expectCode(exec.run({ file: 'touch', args: [path] }, { signal: AbortSignal.abort() }), 'MSP_CANCELLED');
  expect((await runPlainly({ file: 'test', args: ['-e', path], okCodes: [0, 1] })).exitCode).toBe(1);
});

test('a program that says nothing for too long is ended, and the failure says so; one that talks is not', async () => {
  const talking = shell('for i in 1 2 3 4; do echo $i; sleep 0.1; done');
  expect((await runPlainly({ ...talking, idleMs: 300 })).stdout).toBe('1\n2\n3\n4\n');
  const work = runPlainly({ ...shell('echo begun; sleep 20'), idleMs: 200 });
  expect(await expectCode(work, 'MSP_TOOL_FAILED')).toMatchObject({
    data: { isIdle: true, tail: 'begun\nit said nothing for 0.2 s' },
  });
});
