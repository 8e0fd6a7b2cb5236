import { defineCommand } from '../command.ts';

export const pluginsShow = defineCommand({
  name: 'plugins show',
  summary: 'Show one plugin: its steps, its pipelines and where it is',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [{ name: 'plugin', summary: 'A name, or a path' }],
  options: { json: { type: 'boolean', summary: 'Print it as JSON' } },
  examples: [
    ['machinespawn plugins show iso', 'a built-in one'],
    ['machinespawn plugins show ./paint.ts', 'a file'],
  ],

  async run({ positionals, options, app, terminal }) {
    const plugin = await app.plugin(positionals.plugin);
    if (options.json) {
      terminal.out(JSON.stringify(plugin, null, 2));
      return 0;
    }
    const version = plugin.version === null ? '' : ` ${plugin.version}`;
    terminal.out(`${plugin.name}${version} - ${plugin.summary}`);
    terminal.out(plugin.file === null ? 'built in' : `${plugin.file}${plugin.trusted ? '' : ', not trusted yet'}`);
    terminal.out('');
    for (const { id, summary, version: number } of plugin.steps)
      terminal.out(`  ${id} (version ${number})  ${summary}`);
    if (plugin.pipelines.length > 0) terminal.out(`\npipelines: ${plugin.pipelines.join(', ')}`);
    return 0;
  },
});
