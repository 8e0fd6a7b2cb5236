import type { PluginReport } from '../../app-plugin-types.ts';
import { fail } from '../../errors/machinespawn-error.ts';
import { defineCommand } from '../command.ts';

export const pluginsCheck = defineCommand({
  name: 'plugins check',
  summary: 'Try whether the steps of a plugin keep the contract',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [{ name: 'path', summary: 'A file, or a directory of plugins; . is this one', optional: true }],
  options: { json: { type: 'boolean', summary: 'Print what was found as JSON' } },
  examples: [['machinespawn plugins check plugins/paint', 'with the tests beside it']],
  details:
    'Loads the plugin, looks at the form of its steps, and runs the tests beside it (*.test.ts): each step is cut off and ' +
    'cancelled at every moment on a pretended computer. The process that does this can neither write to this one nor start programs.',

  async run({ positionals, options, globals, app, terminal }) {
    const reports = await app.checkPlugins(positionals.path ?? '.');
    if (options.json) terminal.out(JSON.stringify(reports, null, 2));
    else for (const report of reports) for (const line of linesOf(report, globals.verbose > 0)) terminal.out(line);
    for (const { plugin, checks } of reports) {
      const failed = checks.filter(({ problem }) => problem !== null).length;
      if (failed > 0) throw fail('MSP_PLUGIN_CHECK_FAILED', { plugin, failed });
    }
    return 0;
  },
});

function linesOf({ plugin, checks, untested }: PluginReport, all: boolean): readonly string[] {
  const bad = checks.filter(({ problem }) => problem !== null);
  const shown = all ? checks : bad;
  return [
    ...shown.map(({ name, problem }) =>
      problem === null ? `ok    ${name}` : `FAULT ${name}\n      ${problem.replaceAll('\n', '\n      ')}`,
    ),
    ...untested.map((step) => `note  step '${step}' has no test: nobody knows what a cut does to it`),
    `${plugin}: ${checks.length - bad.length} of ${checks.length} checks passed`,
  ];
}
