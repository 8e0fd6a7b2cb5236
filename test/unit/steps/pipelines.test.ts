import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { builtInPlugins } from '../../../src/app-built-in-plugins.ts';
import { inputTypes } from '../../../src/app-input-types.ts';
import { parsePipeline } from '../../../src/engine/pipeline-file.ts';
import { makePlan } from '../../../src/engine/plan.ts';
import { StepRegistry } from '../../../src/engine/step-registry.ts';
import type { StepServices } from '../../../src/host/services.ts';
import { loadPlugin } from '../../../src/plugins/load-plugins.ts';
import { corePlugin } from '../../../src/steps/index.ts';

const directory = join(import.meta.dirname, '../../../pipelines');
const files = readdirSync(directory).toSorted();
const registry = new StepRegistry<StepServices>();
loadPlugin(corePlugin, registry);
for (const plugin of builtInPlugins) loadPlugin(plugin, registry);

const read = async (file: string) =>
  await parsePipeline(readFileSync(join(directory, file), 'utf8'), { file, registry, inputTypes });

it('are the ones that the commands need', () => {
  expect(files).toEqual([
    ...['bootstrap.yaml', 'clean-cache.yaml', 'hello.yaml', 'list.yaml', 'live-iso.yaml'],
    ...['pull-raw.yaml', 'pull-tar.yaml', 'remove.yaml', 'run.yaml'],
  ]);
});

it.each(files)('%s is right, is called as its file, and says how it is run', async (file) => {
  const pipeline = await read(file);
  const id = file.slice(0, -'.yaml'.length);
  expect(pipeline.id).toBe(id);
  expect(readFileSync(join(directory, file), 'utf8')).toMatch(
    new RegExp(`^# machinespawn (?:pipeline run )?${id}\\b`, 'mu'),
  );
});

it('bootstrap tells no step above the copy what the machine is called, but for the check of the host', async () => {
  const plan = await makePlan(await read('bootstrap.yaml'), { image: 'debian-12', name: 'bread' }, registry);
  const at = plan.steps.findIndex(({ id }) => id === 'materialize');
  expect(at).toBeGreaterThan(4);
  const shared = plan.steps.slice(0, at).filter(({ id }) => id !== 'host');
  expect(shared.filter((step) => /inputs\.(?:name|hostname|replace)/u.test(JSON.stringify(step.with)))).toEqual([]);
  expect(JSON.stringify(plan.steps[at]?.with)).toMatch(/inputs\.name/u);
});

it('bootstrap keeps the proxy out of every key', async () => {
  const pipeline = await read('bootstrap.yaml');
  const users = pipeline.steps.filter((step) => JSON.stringify(step.with).includes('steps.proxy'));
  expect(users.map(({ uses }) => uses)).toEqual([
    'resolve-archive',
    ...['select-packages', 'fetch-packages', 'select-packages', 'fetch-packages'],
    ...['bootstrap-first-stage', 'bootstrap-mmdebstrap'],
  ]);
  expect((await registry.get('resolve-archive')).reuse).toBe('never');
});
