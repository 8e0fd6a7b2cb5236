import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createApp } from '../../../src/app.ts';
import type { App } from '../../../src/app-types.ts';

const cwd = mkdtempSync(join(tmpdir(), 'machinespawn-unit-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function openApp(): App {
  const settings = {
    machinesDirectory: join(cwd, 'machines'),
    cacheDirectory: join(cwd, 'cache'),
    stateDirectory: join(cwd, 'state'),
  };
  return createApp({ settings, environment: {}, cwd, argv: process.argv });
}

it('a pipeline that is not there is named, with the nearest one', async () => {
  await expect(openApp().showPipeline('bootstrp')).rejects.toMatchObject({
    code: 'MSP_PIPELINE_NOT_FOUND',
    exitCode: 4,
    hint: "did you mean 'bootstrap'?",
  });
  await expect(openApp().showPipeline('./absent.yaml')).rejects.toMatchObject({ code: 'MSP_PIPELINE_NOT_FOUND' });
  await expect(openApp().validatePipeline('absent.yaml', null)).rejects.toMatchObject({
    code: 'MSP_PIPELINE_NOT_FOUND',
  });
});

it('an echo runs, is served from the cache, and is gone on with by nobody', async () => {
  const request = { pipeline: 'hello', inputs: { name: 'you' } };
  const first = await (await openApp().run(request, () => {})).done;
  expect(first).toMatchObject({ status: 'succeeded', exitCode: 0, outputs: { text: 'They said: Hello, you' } });
  const second = await (await openApp().run(request, () => {})).done;
  expect(second).toMatchObject({ status: 'succeeded', steps: { total: 2, cached: 2 } });
  expect(second.runId).not.toBe(first.runId);
  await expect(openApp().resume(null, {}, () => {})).rejects.toMatchObject({ code: 'MSP_RUN_NOT_FOUND' });
  await expect(openApp().resume(first.runId, {}, () => {})).rejects.toMatchObject({ code: 'MSP_RUN_NOT_RESUMABLE' });
});
