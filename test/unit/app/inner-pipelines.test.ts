import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { AppInnerPipelines } from '../../../src/app-inner-pipelines.ts';
import { openWorld } from '../../../src/app-world.ts';
import type { PipelineListener } from '../../../src/host/services.ts';

const root = mkdtempSync(join(tmpdir(), 'machinespawn-inner-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const settings = {
  machinesDirectory: join(root, 'machines'),
  cacheDirectory: join(root, 'cache'),
  stateDirectory: join(root, 'state'),
  snapshotDriver: 'auto' as const,
};
const world = openWorld(settings, { environment: {}, cwd: root }, '0', new AbortController().signal);
const places: string[] = [];
const inner = new AppInnerPipelines({
  registry: world.registry,
  ports: () => world.ports,
  workbenchAt: (place) => {
    places.push(place);
    return world.ports.workbench;
  },
});

function listening(anew = false) {
  const heard: string[] = [];
  const listener: PipelineListener = {
    anew,
    progress: ({ phase }) => void heard.push(`at ${phase}`),
    log: { info: (text) => void heard.push(text), warn: (text) => void heard.push(`! ${text}`), output: () => {} },
  };
  return { heard, listener };
}
const run = async (
  name: string,
  inputs: Record<string, unknown>,
  signal = new AbortController().signal,
  anew = false,
) => {
  const { heard, listener } = listening(anew);
  return {
    outputs: await inner.run(name, inputs, { id: 'outer.base', place: join(root, 'place'), signal, listener }),
    heard,
  };
};

it('runs a pipeline in the place of the step, says what it does, and keeps no journal', async () => {
  const { outputs, heard } = await run('hello', { name: 'inner' });
  expect(outputs).toEqual({ text: 'They said: Hello, inner' });
  expect(heard).toEqual(expect.arrayContaining(['at greeting', 'at answer']));
  expect(heard.some((line) => line.startsWith('greeting: '))).toBe(true);
  expect(places).toEqual([join(root, 'place')]);
  const left = readdirSync(root, { recursive: true, encoding: 'utf8' });
  expect(left.filter((path) => /\/(?:journal|plan)/u.test(path))).toEqual([]);
});

it('takes results that other runs have made', async () => {
  await run('hello', { name: 'twice' });
  const { heard } = await run('hello', { name: 'twice' });
  expect(heard.filter((line) => line.startsWith('at '))).toEqual([]);
  expect(heard.filter((line) => line.includes('made by run'))).toHaveLength(2);
  expect(heard.join('\n')).toMatch(/made by run outer\.base\)/u);
});

it('names what is wrong before it runs', async () => {
  await expect(run('no-such', {})).rejects.toMatchObject({ code: 'MSP_PIPELINE_NOT_FOUND' });
  await expect(run('hello', { nam: 'x' })).rejects.toMatchObject({ code: 'MSP_INPUT_INVALID' });
});

it("hands on the error of its step, and the step's own end", async () => {
  await expect(run('base', { image: 'debian-12', mirror: 'no address' })).rejects.toMatchObject({
    code: expect.stringMatching(/^MSP_(?:STEP_INPUT_INVALID|ROOT_NEEDED|TOOL_MISSING|INPUT_INVALID|USAGE)$/u),
  });
  const ended = new AbortController();
  ended.abort(new RangeError('the end'));
  await expect(run('hello', { name: 'late' }, ended.signal)).rejects.toThrow('the end');
});

it('tells what would come of it, and takes nothing that is stored when it is wanted anew', async () => {
  const inputs = { name: 'foreseen' };
  const first = await inner.foresee('hello', inputs, { anew: false });
  expect(first).toMatchObject({ cache: 'miss', why: expect.stringMatching(/^greeting: /u), outputs: null });
  const { outputs } = await run('hello', inputs);
  const second = await inner.foresee('hello', inputs, { anew: false });
  expect(second).toEqual({ cache: 'hit', why: expect.stringMatching(/^made .* by run outer\.base$/u), outputs });
  expect(await inner.foresee('hello', inputs, { anew: true })).toMatchObject({ cache: 'miss', outputs: null });
  const { heard } = await run('hello', inputs, new AbortController().signal, true);
  expect(heard.filter((line) => line.startsWith('at '))).toEqual(['at greeting', 'at answer']);
  await expect(inner.foresee('base', { image: 'debian-12', mirror: 'no address' }, { anew: false })).rejects.toThrow();
});
