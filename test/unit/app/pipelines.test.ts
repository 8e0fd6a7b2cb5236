import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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

it('the password of a proxy is in no plan, journal, event or result', async () => {
  const file = join(cwd, 'told.yaml');
  const lines = ['format: 1', 'id: told', 'summary: Told', 'inputs: { proxy: { type: string, summary: P } }', 'steps:'];
  // Both: an input, and what a step gives out.
  lines.push('  - { id: choice, uses: detect-proxy, with: { proxy: "${{ inputs.proxy }}" } }');
  lines.push('  - { id: say, uses: echo, with: { text: "by ${{ steps.choice.outputs.url }}" } }');
  writeFileSync(file, lines.join('\n'));
  const server = createServer((_, response) => void response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const events: unknown[] = [];
  const request = { pipeline: file, inputs: { proxy: `http://cook:pass-of-the-cook@${host}` } };
  try {
    const app = openApp();
    const { status, exitCode } = await (await app.run(request, (event) => events.push(event))).done;
    expect({ status, exitCode }).toEqual({ status: 'succeeded', exitCode: 0 });
    expect((await app.plan(request)).inputs).toEqual({ proxy: `http://***@${host}` });
  } finally {
    server.close();
  }
  expect(JSON.stringify(events)).toContain(host);
  expect(JSON.stringify(events)).not.toContain('pass-of-the-cook');
  const files = globSync(join(cwd, '**')).filter((path) => statSync(path).isFile());
  const holding = (text: string) => files.filter((path) => readFileSync(path, 'utf8').includes(text));
  expect(holding(`by http://***@${host}`)).not.toEqual([]);
  expect(holding('pass-of-the-cook')).toEqual([]);
});

it('pipelines that cannot be used as they are are listed, with the reason', async () => {
  mkdirSync(join(cwd, 'pipelines'));
  writeFileSync(
    join(cwd, 'pipelines/stranger.yaml'),
    'format: 1\nid: stranger\nsummary: S\nplugins: [./none.ts]\nsteps: []\n',
  );
  writeFileSync(join(cwd, 'pipelines/broken.yaml'), 'format: 1\nsteps: 7\n');
  try {
    const listed = (await openApp().listPipelines()).filter(({ origin }) => origin === 'project');
    expect(listed).toEqual([
      expect.objectContaining({ name: 'broken', steps: null, needsRoot: null, problem: expect.stringContaining('id') }),
      expect.objectContaining({ name: 'stranger', problem: expect.stringContaining('none.ts') }),
    ]);
  } finally {
    rmSync(join(cwd, 'pipelines'), { recursive: true });
  }
});

it("a user's own pipelines have names, but not for root through sudo", async () => {
  const own = join(cwd, 'config/machinespawn/pipelines');
  mkdirSync(own, { recursive: true });
  const file = join(own, 'mine.yaml');
  writeFileSync(file, 'format: 1\nid: mine\nsummary: M\nsteps:\n  - { id: a, uses: echo, with: { text: x } }\n');
  const open = (more: Readonly<Record<string, string>>): App =>
    createApp({ environment: { XDG_CONFIG_HOME: join(cwd, 'config'), ...more }, cwd, argv: process.argv });
  expect((await open({}).showPipeline('mine')).summary).toMatchObject({ name: 'mine', origin: 'user', file });
  await expect(open({ SUDO_UID: '1000' }).showPipeline('mine')).rejects.toMatchObject({
    code: 'MSP_PIPELINE_NOT_FOUND',
  });
});
