import { resolve } from 'node:path';
import { defineCommand } from '../command.ts';
import { reportOf } from '../run-report.ts';

export const runsReport = defineCommand({
  name: 'runs report',
  summary: 'Write a report of a run as one HTML page',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [
    { name: 'run', summary: 'Its id, the first or last part of it, @last, @failed, or a machine', optional: true },
  ],
  options: {
    output: { type: 'string', short: 'o', valueName: 'FILE', summary: 'Write it there; to standard output otherwise' },
  },
  examples: [
    ['machinespawn runs report -o run.html', 'of the last run'],
    ['machinespawn runs report @failed > failed.html', 'of the last one that failed'],
  ],

  async run({ positionals, options, globals, app, terminal }) {
    const page = await reportOf(app, positionals.run ?? '@last');
    if (options.output === undefined) terminal.stdout.write(page);
    else terminal.out(await app.saveReport(resolve(globals.cwd, options.output), page));
    return 0;
  },
});
