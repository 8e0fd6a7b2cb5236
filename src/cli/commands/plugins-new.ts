import { relative } from 'node:path';
import { defineCommand } from '../command.ts';

export const pluginsNew = defineCommand({
  name: 'plugins new',
  summary: 'Write a plugin to begin with',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [{ name: 'name', summary: 'Its name, which is the prefix of its steps' }],
  options: { dir: { type: 'string', valueName: 'DIR', summary: 'Where its directory is made; plugins otherwise' } },
  examples: [['machinespawn plugins new paint', 'into plugins/paint']],

  async run({ positionals, options, globals, app, terminal }) {
    const files = await app.newPlugin(positionals.name, options.dir ?? 'plugins');
    for (const file of files) terminal.out(relative(globals.cwd, file));
    terminal.say(`Next: machinespawn plugins check ${options.dir ?? 'plugins'}/${positionals.name}`);
    return 0;
  },
});
