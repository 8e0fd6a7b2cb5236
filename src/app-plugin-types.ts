/** What the command line asks of the application about plugins. */

export interface PluginSummary {
  readonly name: string;
  readonly summary: string;
  readonly version: string | null;
  readonly origin: 'builtin' | 'file' | 'package';
  /** The file that it is; null for one that is built in. */
  readonly file: string | null;
  /** Was a yes said to its code as it is now? */
  readonly trusted: boolean;
  /** As pipelines use them; none of a plugin whose code may not run yet. */
  readonly steps: readonly { readonly id: string; readonly summary: string; readonly version: number }[];
  readonly pipelines: readonly string[];
}

/** What `plugins check` found. */
export interface PluginReport {
  readonly plugin: string;
  readonly file: string;
  readonly checks: readonly { readonly name: string; readonly problem: string | null }[];
  /** Steps without a test. */
  readonly untested: readonly string[];
}

export interface PluginCommands {
  /** Built-in ones, those of --plugin, and those that the pipelines of the project name. */
  plugins(): Promise<readonly PluginSummary[]>;
  /** `name`: of a plugin that is listed, or a path. Throws MSP_PLUGIN_NOT_FOUND. */
  plugin(name: string): Promise<PluginSummary>;
  /** `path`: a plugin's file, or a directory of plugins. Throws MSP_PLUGIN_NOT_FOUND. */
  checkPlugins(path: string): Promise<readonly PluginReport[]>;
  /** Writes a plugin with one step, its test, a pipeline and a README; gives their paths. Throws MSP_FILE_UNWRITABLE. */
  newPlugin(name: string, directory: string): Promise<readonly string[]>;
}
