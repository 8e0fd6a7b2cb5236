/** Runs that have a limit, and runs that go on in another process. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/app.ts';

const cwd = mkdtempSync(join(tmpdir(), 'machinespawn-unit-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const file = join(cwd, 'long.yaml');
const long = (seconds: number): string => `format: 1
id: long
summary: Wait
steps:
  - { id: first, uses: echo, with: { text: one } }
  - { id: wait, uses: echo, needs: [first], with: { text: wait ${seconds}, waitSeconds: ${seconds} } }
outputs: { text: '\${{ steps.wait.outputs.text }}' }
`;
const settings = {
  machinesDirectory: join(cwd, 'machines'),
  cacheDirectory: join(cwd, 'cache'),
  stateDirectory: join(cwd, 'state'),
};
const program = join(import.meta.dirname, '../../../src/bin.ts');
const app = () => createApp({ settings, environment: process.env, cwd, argv: [process.execPath, program] });
const places = ['--state-dir', settings.stateDirectory, '--cache-dir', settings.cacheDirectory];

it('a run that takes too long ends with 124, and can be gone on with', async () => {
  writeFileSync(file, long(60));
  const outcome = await (await app().run({ pipeline: file, inputs: {}, timeoutMs: 300 }, () => {})).done;
  expect(outcome).toMatchObject({
    status: 'interrupted',
    exitCode: 124,
    resumable: true,
    error: { code: 'MSP_RUN_TIMEOUT' },
    steps: { done: 1, total: 2 },
  });
  expect(await app().showRun(outcome.runId)).toMatchObject({ status: 'interrupted', exitCode: 124, resumable: true });
  writeFileSync(file, long(0));
  const other = await (await app().run({ pipeline: file, inputs: {}, timeoutMs: 60_000 }, () => {})).done;
  expect(other).toMatchObject({ status: 'succeeded', exitCode: 0 });
});

describe('a detached run', () => {
  const words = (...more: readonly string[]) => [
    'pipeline',
    'run',
    file,
    ...places,
    '--progress',
    'json',
    '--json',
    ...more,
  ];

  it('goes on without us, and ends when it is asked to', async () => {
    writeFileSync(file, long(59));
    const { runId, pid } = await app().detach(words());
    expect(await app().showRun(runId)).toMatchObject({ status: 'running' });
    expect(pid).not.toBe(process.pid);
    expect(await app().cancelRun(runId.slice(-4))).toBe(runId);
    await expect.poll(async () => (await app().showRun(runId)).status, { timeout: 15_000 }).toBe('interrupted');
    expect(readFileSync(join(settings.stateDirectory, 'runs', runId, 'detached.log'), 'utf8')).toContain(
      'run.interrupted',
    );
    await expect(app().cancelRun(runId)).rejects.toMatchObject({ code: 'MSP_RUN_NOT_RUNNING', exitCode: 4 });
  });

  it('that cannot begin says why, and leaves nothing', async () => {
    await expect(app().detach(words('-i', 'no=1'))).rejects.toMatchObject({ code: 'MSP_INPUT_INVALID', exitCode: 2 });
    const left = readdirSync(join(settings.stateDirectory, 'runs')).filter((name) => name.startsWith('.'));
    expect(left).toEqual([]);
  });
});

it('a user who is not root has places of his own, where none are given', () => {
  const environment = { XDG_STATE_HOME: '/x/state', XDG_CACHE_HOME: '/x/cache' };
  const asRoot = process.geteuid?.() === 0;
  const own = createApp({ ownPlaces: true, environment, cwd, argv: [] }).settings;
  expect(own.stateDirectory).toBe(asRoot ? '/var/lib/machinespawn' : '/x/state/machinespawn');
  expect(own.cacheDirectory).toBe(asRoot ? '/var/cache/machinespawn' : '/x/cache/machinespawn');
  expect(createApp({ environment, cwd, argv: [] }).settings.stateDirectory).toBe('/var/lib/machinespawn');
  const given = createApp({ ownPlaces: true, environment: { MACHINESPAWN_STATE_DIR: '/s' }, cwd, argv: [] }).settings;
  expect(given.stateDirectory).toBe('/s');
});
