/**
 * The process in which `plugins check` loads a plugin and tries its steps on a pretended computer. It is started with
 * Node's permission model: it may write nothing but the pretended computers, and start no program.
 * Arguments: the plugin's file, then its tests.
 */
import { pathToFileURL } from 'node:url';
import { inputSchema, outputSchema } from './engine/step-schemas.ts';
import { checkStepType } from './engine/step-type-check.ts';
import { importPlugin } from './plugins/import-plugin.ts';
import { checkPrefix, type CheckMessage } from './plugins/check-protocol.ts';
import { pluginFiles } from './plugins/plugin-files.ts';
import { collectChecks } from './testing/collect-checks.ts';

const [, , entry = '', ...tests] = process.argv;
const say = (message: CheckMessage): void => void process.stdout.write(`${checkPrefix}${JSON.stringify(message)}\n`);

async function check(name: string, act: () => Promise<void>): Promise<boolean> {
  say({ type: 'start', name });
  try {
    await act();
    say({ type: 'passed', name });
    return true;
  } catch (error) {
    say({ type: 'failed', name, problem: problemOf(error) });
    return false;
  }
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${JSON.stringify(error) ?? String(error)}, which is no Error`;
  const denied = [error, error.cause].find((one) => (one as { code?: unknown } | null)?.code === 'ERR_ACCESS_DENIED');
  if (denied === undefined) return error.message;
  const { permission = '', resource = '' } = denied as { permission?: string; resource?: string };
  return `it goes around the services: ${permission} ${resource}`.trim();
}

// The tests may load what they name, too.
const all = await Promise.all([entry, ...tests].map(pluginFiles));
const files = { files: all.flatMap((one) => one.files), digest: '' };
const ids: string[] = [];
await check('the plugin loads', async () => {
  const plugin = await importPlugin(entry, files, 'the command');
  for (const [id, load] of Object.entries(plugin.steps)) {
    ids.push(id);
    await check(`${plugin.name}/${id} is well formed`, async () => {
      const step = await load();
      checkStepType(id, step);
      inputSchema(step);
      outputSchema(step);
    });
  }
});
const collected = collectChecks();
for (const test of tests) {
  await check(`${test.slice(test.lastIndexOf('/') + 1)} loads`, async () => {
    await import(pathToFileURL(test).href);
  });
}
for (const { step, checks } of collected) {
  for (const one of checks) await check(`${step}: ${one.name}`, () => one.run());
}
for (const id of ids) if (!collected.some(({ step }) => step === id)) say({ type: 'untested', name: id });
say({ type: 'done', name: '' });
