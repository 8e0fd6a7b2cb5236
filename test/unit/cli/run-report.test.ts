import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fail } from '../../../src/errors/machinespawn-error.ts';
import { fakeApp, lastRun } from './fake-app.ts';
import { runMain } from './run-main.ts';

const folder = mkdtempSync(join(tmpdir(), 'machinespawn-unit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const log = join(folder, '1.log');
writeFileSync(log, `${'long ago\n'.repeat(5000)}E: <script>alert(1)</script>\n`);
const [step] = lastRun.stepDetails;
if (step === undefined) throw new RangeError('the fake run has no step');
const error = fail('MSP_TOOL_FAILED', { tool: 'tar', exitCode: 2, tail: 'no <space>', command: 'tar' }).toJSON();
const failed = {
  ...lastRun,
  error,
  inputs: { note: `"quoted" & 'so' \u001B[31m` },
  stepDetails: [
    { ...step, id: 'good', status: 'succeeded', startedAt: lastRun.startedAt, durationMs: 1500, outputs: { a: '<b>' } },
    { ...step, id: 'bad', status: 'failed', logs: [log] },
  ],
};

it('runs report is a page that needs nothing else, and in which nothing of the run is markup', async () => {
  const { stdout, code } = await runMain(['runs', 'report'], { app: fakeApp({ showRun: async () => failed }) });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^<!doctype html>/u);
  expect(stdout).not.toMatch(/<script|<b>|<space>|src=|href=|@import/u);
  expect(stdout).not.toContain('\u001B');
  expect(stdout).toContain('E: &lt;script&gt;alert(1)&lt;/script&gt;');
  expect(stdout).toContain('&quot;quoted&quot; &amp; &#39;so&#39; [31m');
  expect(stdout).toContain('MSP_TOOL_FAILED');
  expect(stdout.match(/long ago/gu)?.length).toBeLessThan(2000);
  expect(stdout).toContain('<td class="number">1.5s');
});

it('runs report -o writes a file', async () => {
  const app = fakeApp({ showRun: async () => failed });
  expect(await runMain(['runs', 'report', '@failed', '-o', 'r.html'], { app })).toMatchObject({
    stdout: '/home/alice/r.html\n',
  });
  expect(app.asked.at(-1)).toEqual(['saveReport', '/home/alice/r.html', expect.stringMatching(/^<!doctype/u)]);
});

it('pipeline run --report writes it however the run ends, and refuses before it where it cannot', async () => {
  const app = fakeApp();
  expect(await runMain(['pipeline', 'run', 'hello', '--report', `${folder}/r.html`], { app })).toMatchObject({
    code: 0,
  });
  expect(app.asked.map(([name]) => name)).toContain('saveReport');
  const refused = fakeApp();
  const seen = await runMain(['pipeline', 'run', 'hello', '--report', '/no/where/r.html'], { app: refused });
  expect(seen).toMatchObject({ code: 1, stderr: expect.stringContaining('MSP_FILE_UNWRITABLE') });
  expect(refused.asked).toEqual([]);
});

it('pipeline run --detach leaves the run to a process of its own, and says which', async () => {
  const app = fakeApp();
  const seen = await runMain(['pipeline', 'run', 'hello', '--detach', '--timeout', '10m'], { app });
  expect(seen).toMatchObject({ code: 0, stdout: '20261122-184902-k3f9\n' });
  expect(seen.stderr).toContain('machinespawn runs cancel 20261122-184902-k3f9');
  const words = app.asked.find(([name]) => name === 'detach')?.[1];
  expect(words).toEqual([
    ...['pipeline', 'run', 'hello', '--timeout', '10m'],
    ...['--progress', 'json', '--no-input', '--json'],
  ]);
  for (const line of ['--detach --debug-shell', '--timeout 10', '--timeout soon'])
    expect(await runMain(['pipeline', 'run', 'hello', ...line.split(' ')])).toMatchObject({ code: 2 });
});

it('runs cancel asks the process to end, and waits', async () => {
  const states = ['running', 'interrupted'] as const;
  let asked = 0;
  const app = fakeApp({ showRun: async () => ({ ...lastRun, status: states[asked++] ?? 'interrupted' }) });
  const seen = await runMain(['runs', 'cancel', 'k3f9'], { app });
  expect(seen).toMatchObject({ code: 0, stderr: expect.stringContaining('is interrupted') });
  expect(app.asked).toContainEqual(['cancelRun', 'k3f9']);
  expect(asked).toBe(2);
});
