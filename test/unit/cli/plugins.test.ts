import { describe, expect, it } from 'vitest';
import { fakeApp } from './fake-app.ts';
import { runMain } from './run-main.ts';

describe('the plugins commands', () => {
  it('plugins ls shows what there is, and hands on what was given', async () => {
    const { code, stdout, request } = await runMain([
      'plugins',
      'ls',
      '--plugin',
      './a.ts',
      '--plugin',
      './b.ts',
      '--trust-plugins',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PLUGIN +VERSION +STEPS +TRUSTED +FROM\npaint +- +paint\/greet +no +\/w\/paint\.ts$/mu);
    expect(request?.plugins).toEqual({ given: ['./a.ts', './b.ts'], trustAll: true, ask: null });
    // A terminal can be asked, unless the person does not want to be.
    expect((await runMain(['plugins', 'ls'], { typed: '' })).request?.plugins?.ask).not.toBe(null);
    expect((await runMain(['plugins', 'ls', '--no-input'], { typed: '' })).request?.plugins?.ask).toBe(null);
  });

  it('plugins show tells what one brings', async () => {
    const { stdout } = await runMain(['plugins', 'show', 'paint']);
    expect(stdout).toBe(
      'paint - Greet people\n/w/paint.ts, not trusted yet\n\n  paint/greet (version 1)  Write a greeting\n\npipelines: paint\n',
    );
    expect(JSON.parse((await runMain(['plugins', 'show', 'paint', '--json'])).stdout)).toMatchObject({ name: 'paint' });
  });

  it('plugins check says what was found, and fails where something is wrong', async () => {
    const good = await runMain(['plugins', 'check', 'paint']);
    expect([good.code, good.stdout]).toEqual([
      0,
      "note  step 'greet' has no test: nobody knows what a cut does to it\npaint: 1 of 1 checks passed\n",
    ]);
    const checks = [
      { name: 'a', problem: null },
      { name: 'b', problem: 'one\ntwo' },
    ];
    const app = fakeApp({ checkPlugins: async () => [{ plugin: 'paint', file: '/w/paint.ts', checks, untested: [] }] });
    const bad = await runMain(['plugins', 'check', '-v'], { app });
    expect(bad.stdout).toBe('ok    a\nFAULT b\n      one\n      two\npaint: 1 of 2 checks passed\n');
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringMatching(/MSP_PLUGIN_CHECK_FAILED/u)]);
    expect(JSON.parse((await runMain(['plugins', 'check', '--json'], { app })).stdout)).toMatchObject([
      { plugin: 'paint' },
    ]);
  });

  it('plugins new names the files from where the person is', async () => {
    const { stdout, stderr } = await runMain(['plugins', 'new', 'paint']);
    expect(stdout).toBe('../../w/plugins/paint/paint.ts\n');
    expect(stderr).toMatch(/Next: machinespawn plugins check plugins\/paint/u);
  });
});

it('an option that begins with no- is another one than its opposite', async () => {
  const { code, request } = await runMain(['pipeline', 'run', 'hello', '-i', 'name=x', '--no-input']);
  expect([code, request?.isInteractive]).toEqual([0, false]);
});
