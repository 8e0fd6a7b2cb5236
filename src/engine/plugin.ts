/** What adds step types and pipelines: the built-in ones come the same way. */
import type { AnyStep } from './step.ts';

/** Raised when a plugin written for the number before would not work any more. */
export const pluginApiVersion = 1;

export interface Plugin {
  /** Prefix of its steps: "iso" has the steps `iso/…`. Only the built-in plugin, "core", has none. */
  readonly name: string;
  /** The number that it was written for. */
  readonly apiVersion: number;
  /** One line, no full stop. */
  readonly summary: string;
  /** Loaded when a pipeline first uses them. */
  readonly steps: Readonly<Record<string, () => Promise<AnyStep>>>;
  /** Pipeline files. */
  readonly pipelines?: readonly URL[];
}

/** Gives the plugin back, typed. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
