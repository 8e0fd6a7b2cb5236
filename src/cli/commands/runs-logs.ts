import { fail } from '../../errors/machinespawn-error.ts';
import { nearest } from '../../model/nearest.ts';
import { defineCommand } from '../command.ts';
import { LogPrinter, logsOf, type LogChoice } from '../run-logs.ts';

const pollMs = 250;

export const runsLogs = defineCommand({
  name: 'runs logs',
  summary: 'Print the logs of a run',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [
    { name: 'run', summary: 'Its id, the first or last part of it, @last, @failed, or a machine', optional: true },
  ],
  options: {
    step: { type: 'string', short: 's', valueName: 'STEP', summary: 'Only this step' },
    attempt: { type: 'count', valueName: 'N', summary: 'Only this attempt; all of them otherwise' },
    failed: { type: 'boolean', summary: 'Only steps that failed' },
    follow: { type: 'boolean', short: 'f', summary: 'Go on printing until the run has ended' },
  },
  examples: [
    ['machinespawn runs logs', 'of the last run'],
    ['machinespawn runs logs bread -s first-stage', 'one step'],
    ['machinespawn runs logs -f', 'as it is written'],
  ],

  async run({ positionals, options, app, terminal }) {
    let detail = await app.showRun(positionals.run ?? '@last');
    const choice: LogChoice = { step: options.step, attempt: options.attempt, failed: options.failed };
    const isNamed = detail.stepDetails.some(
      ({ id, status }) => id === options.step && (!options.failed || status === 'failed'),
    );
    if (options.step !== undefined && !isNamed) {
      const known = detail.stepDetails.map(({ id }) => id);
      const near = nearest(options.step, known);
      throw fail('MSP_USAGE', {
        problem: `run ${detail.id} has no step '${options.step}'${options.failed ? ' that failed' : ''}`,
        ...(near === null ? {} : { hint: `did you mean '${near}'?` }),
      });
    }
    const printer = new LogPrinter(terminal);
    for (;;) {
      const isOver = detail.status !== 'running';
      const logs = logsOf(detail, choice);
      await printer.print(logs, logs.length > 1 || options.follow);
      if (!options.follow || isOver) break;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      detail = await app.showRun(detail.id);
    }
    if (printer.isEmpty) terminal.say('No log.');
    return 0;
  },
});
