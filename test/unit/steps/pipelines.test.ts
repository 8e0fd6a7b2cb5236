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

it('are the ones that the commands need, and those for images', () => {
  const ofCommands = ['bootstrap', 'clean-cache', 'hello', 'list', 'pull-raw', 'pull-tar', 'remove', 'run'];
  const ofImages = ['base', 'ci-matrix', 'container-tarball', 'dev-box', 'live-iso', 'pull-tree', 'reproducible'];
  expect(files).toEqual([...ofCommands, ...ofImages].map((id) => `${id}.yaml`).toSorted());
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

it('base is bootstrap up to the tree without a name, less what knows the machine', async () => {
  const [base, bootstrap] = [await read('base.yaml'), await read('bootstrap.yaml')];
  const shared = bootstrap.steps.slice(
    0,
    bootstrap.steps.findIndex(({ id }) => id === 'materialize'),
  );
  const ofMachine = new Set(['name', 'replace']);
  const ownOnly = new Set(['salt']);
  const asked = (steps: typeof base.steps) =>
    steps.map(({ id, uses, needs, with: given }) => {
      const fields = Object.entries(given as object).filter(([field]) => !ofMachine.has(field) && !ownOnly.has(field));
      return { id, uses, needs, with: Object.fromEntries(fields) };
    });
  // What is installed later is no matter of a machine that is only made.
  expect(asked(base.steps.filter(({ uses }) => uses !== 'ask-suites'))).toEqual(asked(shared));
  const inputs = base.inputs.filter(({ name }) => !ownOnly.has(name));
  const same = bootstrap.inputs.filter(({ name }) => ![...ofMachine, 'hostname'].includes(name));
  expect(inputs.map(({ name, default: usual }) => [name, usual])).toEqual(
    same.map(({ name, default: usual }) => [name, usual]),
  );
});

it('pull-tree is pull-tar up to the tree, less what knows the machine', async () => {
  const [tree, whole] = [await read('pull-tree.yaml'), await read('pull-tar.yaml')];
  const shared = whole.steps.slice(
    0,
    whole.steps.findIndex(({ id }) => id === 'materialize'),
  );
  const ofMachine = ['name', 'replace', 'noCache'];
  const asked = (steps: typeof tree.steps) =>
    steps.map(({ id, uses, with: given }) => {
      const fields = Object.entries(given as object).filter(
        ([field]) => !ofMachine.includes(field) || uses === 'check-tree',
      );
      return { id, uses, with: Object.fromEntries(fields) };
    });
  expect(asked(tree.steps)).toEqual(asked(shared));
  const ofOthers = [...ofMachine, 'newIdentity', 'readOnly'];
  const usual = (inputs: typeof tree.inputs) =>
    inputs
      .filter(({ name }) => !ofOthers.includes(name))
      .map(({ name, default: value }) => `${name}=${JSON.stringify(value)}`)
      .toSorted();
  expect(usual(tree.inputs)).toEqual(usual(whole.inputs));
});

it('the step pull takes what the pipeline pull-tree takes, and gives what it gives', async () => {
  const [pipeline, step] = [await read('pull-tree.yaml'), await registry.get('pull')];
  const fields = (schema: unknown): readonly string[] => Object.keys((schema as { shape: object }).shape).toSorted();
  expect(fields(step.input)).toEqual(pipeline.inputs.map(({ name }) => name).toSorted());
  expect(fields(step.output)).toEqual(Object.keys(pipeline.outputs).toSorted());
});

it('the step bootstrap takes what the pipeline base takes, and gives what it gives', async () => {
  const [base, step] = [await read('base.yaml'), await registry.get('bootstrap')];
  const fields = (schema: unknown): readonly string[] => Object.keys((schema as { shape: object }).shape).toSorted();
  expect(fields(step.input)).toEqual(base.inputs.map(({ name }) => name).toSorted());
  expect(fields(step.output)).toEqual(Object.keys(base.outputs).toSorted());
});

it('dev-box tells no step above the copy what the machine is called, but for the check of the host', async () => {
  const plan = await makePlan(await read('dev-box.yaml'), { name: 'bread' }, registry);
  const at = plan.steps.findIndex(({ id }) => id === 'materialize');
  const shared = plan.steps.slice(0, at).filter(({ id }) => id !== 'host');
  expect(shared.length).toBeGreaterThan(4);
  expect(shared.filter((step) => /inputs\.(?:name|hostname|replace)/u.test(JSON.stringify(step.with)))).toEqual([]);
});

it('every pipeline for images gives each apt step the state of the archive, and the proxy only as a hint', async () => {
  const all = await Promise.all(
    ['ci-matrix', 'container-tarball', 'dev-box', 'reproducible'].map((id) => read(`${id}.yaml`)),
  );
  const steps = all.flatMap((pipeline) => pipeline.steps.filter(({ uses }) => uses === 'apt'));
  expect(steps.length).toBeGreaterThan(3);
  for (const { with: given } of steps)
    expect(given).toMatchObject({ asOf: '${{ steps.base.outputs.asOf }}', proxy: '${{ steps.base.outputs.proxy }}' });
  const iso = (await read('live-iso.yaml')).steps.filter(({ uses }) => uses === 'apt');
  expect(iso.length).toBeGreaterThan(1);
  for (const { with: given } of iso)
    expect(given).toMatchObject({
      asOf: '${{ steps.suites.outputs.digest }}',
      proxy: '${{ steps.proxy.outputs.url }}',
    });
});
