/** The plugins that there are, with what they bring. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginSummary } from './app-plugin-types.ts';
import type { AppPlugins, LoadedPlugin } from './app-plugins.ts';
import type { World } from './app-world.ts';
import { Faults } from './engine/pipeline-faults.ts';
import { readYamlTree } from './engine/yaml-tree.ts';
import { fail, MachinespawnError } from './errors/machinespawn-error.ts';
import { nearest } from './model/nearest.ts';

export async function listPlugins(world: World, plugins: AppPlugins, cwd: string): Promise<readonly PluginSummary[]> {
  await plugins.loadGiven();
  const untrusted = new Map<string, PluginSummary>();
  for (const { name, file } of await namedByProject(cwd)) {
    try {
      await plugins.withoutAsking(() => plugins.load(name, dirname(file), file));
    } catch (error) {
      const entry = entryOfUntrusted(error);
      if (entry === null) throw error;
      untrusted.set(entry, untrustedSummary(name, entry));
    }
  }
  const loaded = await Promise.all(plugins.loaded().map((one) => summaryOf(world, plugins, one)));
  return [...loaded, ...untrusted.values()];
}

/** The plugin's file; null when it is another error. */
function entryOfUntrusted(error: unknown): string | null {
  if (!MachinespawnError.is(error) || error.code !== 'MSP_PLUGIN_UNTRUSTED') return null;
  return String(error.data['file']);
}

/** To tell its name, its code would have to run: it is called by its file. */
function untrustedSummary(name: string, file: string): PluginSummary {
  const origin = /^[./]/u.test(name) ? 'file' : 'package';
  const unknown = { summary: '', version: null, steps: [], pipelines: [] };
  return { ...unknown, name: basename(name).replace(/\.[cm]?[jt]s$/u, ''), origin, file, trusted: false };
}

export async function findPlugin(world: World, plugins: AppPlugins, cwd: string, name: string): Promise<PluginSummary> {
  if (/[/.]/u.test(name)) {
    const entry = await plugins.load(name, cwd, 'the command');
    const loaded = plugins.loaded().find((one) => one.entry === entry);
    if (loaded !== undefined) return await summaryOf(world, plugins, loaded);
  }
  const all = await listPlugins(world, plugins, cwd);
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    all.map((one) => one.name),
  );
  const problem = near === null ? 'no pipeline of this directory names it' : `did you mean '${near}'?`;
  throw fail('MSP_PLUGIN_NOT_FOUND', { plugin: name, askedBy: 'the command', problem });
}

async function summaryOf(world: World, plugins: AppPlugins, loaded: LoadedPlugin): Promise<PluginSummary> {
  const { name, plugin, entry, version, origin } = loaded;
  const steps = await Promise.all(
    Object.keys(plugin.steps).map(async (id) => {
      const type = await world.registry.get(`${name}/${id}`);
      return { id: `${name}/${id}`, summary: type.summary, version: type.version };
    }),
  );
  const pipelines = (plugin.pipelines ?? []).map((url) => basename(fileURLToPath(url)).replace(/\.ya?ml$/u, ''));
  const trusted = entry === null || (await plugins.isTrusted(entry));
  return { name, summary: plugin.summary, version, origin, file: entry, trusted, steps, pipelines };
}

/** What the pipelines of ./pipelines name under `plugins`. A file that is no pipeline names none. */
async function namedByProject(cwd: string): Promise<readonly { readonly name: string; readonly file: string }[]> {
  const directory = resolve(cwd, 'pipelines');
  const files = (await readdir(directory).catch(() => [])).filter((file) => /\.ya?ml$/u.test(file));
  const named = await Promise.all(
    files.toSorted().map(async (file) => {
      const path = join(directory, file);
      return pluginsIn(await readFile(path, 'utf8').catch(() => '')).map((name) => ({ name, file: path }));
    }),
  );
  return named.flat();
}

function pluginsIn(text: string): readonly string[] {
  const tree = readYamlTree(text, new Faults('pipeline', text));
  const node = tree?.kind === 'map' ? tree.entries.get('plugins')?.value : undefined;
  const nodes = node?.kind === 'list' ? node.items : node === undefined ? [] : [node];
  return nodes.flatMap((item) => (item.kind === 'scalar' && typeof item.value === 'string' ? [item.value] : []));
}
