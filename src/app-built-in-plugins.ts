/** Plugins that come with the program; their steps are there without being named. */
import type { Plugin } from './engine/plugin.ts';
import { isoPlugin } from './plugins/iso/index.ts';

export const builtInPlugins: readonly Plugin[] = [isoPlugin];
