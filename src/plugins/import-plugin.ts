/** Imports a plugin's file and looks at what it exports. */
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from '../engine/plugin.ts';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { allowOnly } from './import-hooks.ts';
import { checkPlugin } from './load-plugins.ts';
import type { PluginFiles } from './plugin-files.ts';

const limitMs = 10_000;

/** Throws MSP_PLUGIN_LOAD_FAILED, MSP_PLUGIN_INVALID, MSP_PLUGIN_API. `askedBy`: what named the plugin. */
export async function importPlugin(entry: string, { files }: PluginFiles, askedBy: string): Promise<Plugin> {
  allowOnly({ directory: `${dirname(entry)}/`, files: new Set(files), plugin: entry });
  const failed = (problem: string, cause?: unknown): MachinespawnError =>
    fail('MSP_PLUGIN_LOAD_FAILED', { file: entry, askedBy, problem }, cause);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(failed(`it did not load within ${limitMs / 1000} s`)), limitMs);
  try {
    const exported = (await Promise.race([import(pathToFileURL(entry).href), late.promise])) as Readonly<
      Record<string, unknown>
    >;
    const found = pluginIn(exported);
    if (found === null)
      throw fail('MSP_PLUGIN_INVALID', {
        plugin: entry,
        problem: 'it exports no plugin: export default definePlugin({ … })',
      });
    checkPlugin(found);
    return found;
  } catch (error) {
    if (MachinespawnError.is(error)) throw error;
    throw failed(reasonOf(error), error);
  } finally {
    clearTimeout(timer);
  }
}

function pluginIn(exported: Readonly<Record<string, unknown>>): Plugin | null {
  const all = [exported['default'], ...Object.values(exported)];
  const found = all.find((value) => typeof value === 'object' && value !== null && 'apiVersion' in value);
  return (found as Plugin | undefined) ?? null;
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return 'it is TypeScript inside node_modules, which Node does not run: a published plugin ships JavaScript';
  return error instanceof Error ? error.message : String(error);
}
