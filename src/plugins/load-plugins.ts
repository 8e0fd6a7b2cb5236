/** Puts the step types of a plugin into the registry, after a look at its form. */
import { pluginApiVersion, type Plugin } from '../engine/plugin.ts';
import type { StepRegistry } from '../engine/step-registry.ts';
import type { AnyStep } from '../engine/step.ts';
import { fail } from '../errors/machinespawn-error.ts';

const nameForm = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u;
/** The built-in steps need no prefix. */
const coreName = 'core';

/**
 * `wrap` goes around each of its steps.
 * Throws MSP_PLUGIN_API, MSP_PLUGIN_INVALID, and MSP_STEP_TYPE_INVALID for a name that is taken.
 */
export function loadPlugin<Services>(
  plugin: Plugin,
  registry: StepRegistry<Services>,
  wrap: (step: AnyStep<Services>) => AnyStep<Services> = (step) => step,
): void {
  checkPlugin(plugin);
  for (const [id, load] of Object.entries(plugin.steps)) {
    registry.add(plugin.name === coreName ? id : `${plugin.name}/${id}`, async () => wrap(await load()));
  }
}

/** Throws MSP_PLUGIN_API, MSP_PLUGIN_INVALID. */
export function checkPlugin(plugin: Plugin): void {
  if (plugin.apiVersion !== pluginApiVersion) {
    throw fail('MSP_PLUGIN_API', { plugin: plugin.name, apiVersion: plugin.apiVersion, known: pluginApiVersion });
  }
  const problem = findProblem(plugin);
  if (problem !== null) throw fail('MSP_PLUGIN_INVALID', { plugin: plugin.name, problem });
}

const fields: readonly string[] = ['name', 'apiVersion', 'summary', 'steps', 'pipelines'];

function findProblem(plugin: Plugin): string | null {
  if (typeof plugin.name !== 'string' || !nameForm.test(plugin.name))
    return 'its name is not of lower-case words with dashes between them';
  const unknown = Object.keys(plugin).find((field) => !fields.includes(field));
  if (unknown !== undefined) return `it has a field '${unknown}', which means nothing: there are ${fields.join(', ')}`;
  if (typeof plugin.summary !== 'string' || plugin.summary === '' || plugin.summary.includes('\n'))
    return 'it has no summary of one line';
  if (plugin.steps === null || typeof plugin.steps !== 'object') return 'it has no table of steps';
  const odd = Object.entries(plugin.steps).find(([id, load]) => !nameForm.test(id) || typeof load !== 'function');
  if (odd !== undefined) return `its step '${odd[0]}' is not a name with a function that loads it`;
  const pipelines: unknown = plugin.pipelines ?? [];
  if (!Array.isArray(pipelines) || pipelines.some((url) => !(url instanceof URL) || url.protocol !== 'file:'))
    return "its pipelines are not file URLs: new URL('./name.yaml', import.meta.url)";
  return null;
}
