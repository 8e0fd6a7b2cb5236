import { expect, it } from 'vitest';
import { StepRegistry } from '../../../src/engine/step-registry.ts';
import type { Plugin } from '../../../src/engine/plugin.ts';
import { loadPlugin } from '../../../src/plugins/load-plugins.ts';
import { corePlugin } from '../../../src/steps/index.ts';
import { echo } from '../../../src/steps/echo.ts';

const plugin: Plugin = { name: 'iso', apiVersion: 1, summary: 'Write discs', steps: { echo: async () => echo } };

it('puts the steps of a plugin under its name', async () => {
  const registry = new StepRegistry();
  loadPlugin(plugin, registry);
  expect(registry.ids()).toEqual(['iso/echo']);
  expect(await registry.get('iso/echo')).toBe(echo);
});

it('loads the built-in steps without a prefix, each well formed', async () => {
  const registry = new StepRegistry();
  loadPlugin(corePlugin, registry);
  expect(registry.ids()).toContain('bootstrap-first-stage');
  for (const id of registry.ids()) expect((await registry.get(id)).id).toBe(id);
});

it.each([
  ['another API', { ...plugin, apiVersion: 2 }, 'MSP_PLUGIN_API'],
  ['a bad name', { ...plugin, name: 'I/O' }, 'MSP_PLUGIN_INVALID'],
  ['no summary', { ...plugin, summary: '' }, 'MSP_PLUGIN_INVALID'],
  ['a step that is no function', { ...plugin, steps: { echo } as unknown as Plugin['steps'] }, 'MSP_PLUGIN_INVALID'],
])('refuses %s', (_, bad, code) => {
  const registry = new StepRegistry();
  expect(() => loadPlugin(bad, registry)).toThrow(expect.objectContaining({ code }));
  expect(registry.ids()).toEqual([]);
});

it('refuses a plugin twice', () => {
  const registry = new StepRegistry();
  loadPlugin(plugin, registry);
  expect(() => loadPlugin(plugin, registry)).toThrow(expect.objectContaining({ code: 'MSP_STEP_TYPE_INVALID' }));
});
