/** Loads the plugins that pipelines and options name, once each, after somebody has said yes to them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginOptions } from './app.ts';
import { builtInPlugins } from './app-built-in-plugins.ts';
import { confined } from './app-confined-steps.ts';
import type { World } from './app-world.ts';
import type { Plugin } from './engine/plugin.ts';
import { fail } from './errors/machinespawn-error.ts';
import type { StepServices } from './host/services.ts';
import { importPlugin } from './plugins/import-plugin.ts';
import { loadPlugin } from './plugins/load-plugins.ts';
import { pluginFiles, type PluginFiles } from './plugins/plugin-files.ts';
import { resolvePlugin, type FoundPlugin } from './plugins/resolve-plugin.ts';
import { TrustStore } from './plugins/trust-store.ts';

export interface LoadedPlugin {
  readonly name: string;
  readonly plugin: Plugin;
  /** Null for one that is built in. */
  readonly entry: string | null;
  readonly version: string | null;
  readonly origin: 'builtin' | 'file' | 'package';
}

export class AppPlugins {
  readonly #world: World;
  readonly #cwd: string;
  readonly #options: PluginOptions;
  readonly #trust: TrustStore;
  readonly #loaded = new Map<string, LoadedPlugin>();
  #given: Promise<void> | null = null;
  #mayAsk = true;

  constructor(world: World, cwd: string, options: PluginOptions) {
    this.#world = world;
    this.#cwd = cwd;
    this.#options = options;
    this.#trust = new TrustStore(join(world.settings.stateDirectory, 'trusted-plugins.json'));
  }

  /** Those of --plugin. */
  async loadGiven(): Promise<void> {
    this.#given ??= (async () => {
      for (const name of this.#options.given ?? []) await this.load(name, this.#cwd, '--plugin');
    })();
    await this.#given;
  }

  /**
   * Gives the plugin's file; null for one that is built in. Twice the same is one plugin.
   * Throws MSP_PLUGIN_NOT_FOUND, MSP_PLUGIN_UNTRUSTED, MSP_PLUGIN_LOAD_FAILED, MSP_PLUGIN_INVALID, MSP_PLUGIN_API.
   */
  async load(name: string, directory: string, askedBy: string): Promise<string | null> {
    // A built-in name always means the built-in: no package can stand in for it unseen.
    if (builtInPlugins.some((plugin) => plugin.name === name)) return null;
    const found = resolvePlugin(name, directory, askedBy);
    if (this.#loaded.has(found.entry)) return found.entry;
    const files = await pluginFiles(found.entry);
    await this.#requireTrust(found, files, askedBy);
    const plugin = await importPlugin(found.entry, files, askedBy);
    this.#refuseTakenName(plugin, found.entry);
    loadPlugin<StepServices>(plugin, this.#world.registry, confined(plugin.name));
    this.#loaded.set(found.entry, { name: plugin.name, plugin, ...found });
    return found.entry;
  }

  /** Where the person only wants to see what there is: what is not trusted fails. */
  async withoutAsking<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#mayAsk;
    this.#mayAsk = false;
    try {
      return await work();
    } finally {
      this.#mayAsk = before;
    }
  }

  loaded(): readonly LoadedPlugin[] {
    const builtIn = builtInPlugins.map((plugin) => ({
      name: plugin.name,
      plugin,
      entry: null,
      version: null,
      origin: 'builtin' as const,
    }));
    return [...builtIn, ...this.#loaded.values()];
  }

  /** Files of the pipelines that loaded plugins bring. */
  pipelines(): readonly string[] {
    return [...this.#loaded.values()].flatMap(({ plugin }) =>
      (plugin.pipelines ?? []).map((url) => fileURLToPath(url)),
    );
  }

  async isTrusted(entry: string): Promise<boolean> {
    return this.#trust.state(entry, (await pluginFiles(entry)).digest) === 'trusted';
  }

  #refuseTakenName(plugin: Plugin, entry: string): void {
    const taken = this.loaded().find(({ name }) => name === plugin.name);
    if (taken === undefined && plugin.name !== 'core') return;
    const problem = `its name is taken by ${taken?.entry ?? 'what is built in'}`;
    throw fail('MSP_PLUGIN_INVALID', { plugin: `${plugin.name} (${entry})`, problem });
  }

  /** Only root is asked: for another user, a plugin is code like any other that he starts. */
  async #requireTrust({ entry }: FoundPlugin, { files, digest }: PluginFiles, askedBy: string): Promise<void> {
    if (process.geteuid?.() !== 0) return;
    const state = this.#trust.state(entry, digest);
    if (state === 'trusted') return;
    const { trustAll = false, ask = null } = this.#options;
    const more = files.length > 1 ? ` and ${files.length - 1} more file${files.length === 2 ? '' : 's'}` : '';
    const what = state === 'changed' ? 'has changed since you trusted it' : 'was never run before';
    const question = `The plugin ${entry}${more}, which ${askedBy} names, ${what}. Run its code as root?`;
    if (!trustAll && (ask === null || !this.#mayAsk || !(await ask(question))))
      throw fail('MSP_PLUGIN_UNTRUSTED', { file: entry, askedBy, digest, changed: state === 'changed' });
    this.#trust.remember(entry, digest, new Date());
  }
}
