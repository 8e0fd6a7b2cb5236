import { createReadStream } from 'node:fs';
import type { RunStepDetail } from '../../app-types.ts';
import { fail } from '../../errors/machinespawn-error.ts';
import { nearest } from '../../model/nearest.ts';
import { defineCommand } from '../command.ts';
import type { Terminal } from '../terminal.ts';

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
  },
  examples: [
    ['machinespawn runs logs', 'of the last run'],
    ['machinespawn runs logs bread -s first-stage', 'one step'],
  ],

  async run({ positionals, options, app, terminal }) {
    const detail = await app.showRun(positionals.run ?? '@last');
    const steps = detail.stepDetails.filter(
      (step) =>
        (options.step === undefined || step.id === options.step) && (!options.failed || step.status === 'failed'),
    );
    if (options.step !== undefined && steps.length === 0) {
      const known = detail.stepDetails.map(({ id }) => id);
      const near = nearest(options.step, known);
      throw fail('MSP_USAGE', {
        problem: `run ${detail.id} has no step '${options.step}'${options.failed ? ' that failed' : ''}`,
        ...(near === null ? {} : { hint: `did you mean '${near}'?` }),
      });
    }
    const chosen = steps.flatMap((step) => attemptsOf(step, options.attempt));
    for (const { title, file } of chosen) {
      if (chosen.length > 1) terminal.out(`== ${title} ==`);
      await copyOut(file, terminal);
    }
    if (chosen.length === 0) terminal.say('No log.');
    return 0;
  },
});

function attemptsOf(step: RunStepDetail, attempt: number | undefined): readonly { title: string; file: string }[] {
  return step.logs
    .map((file, index) => ({ title: `${step.id}, attempt ${index + 1}`, file, attempt: index + 1 }))
    .filter((log) => attempt === undefined || log.attempt === attempt);
}

async function copyOut(file: string, terminal: Terminal): Promise<void> {
  try {
    for await (const chunk of createReadStream(file, 'utf8')) terminal.stdout.write(chunk as string);
  } catch (error) {
    throw fail(
      'MSP_FILE_UNREADABLE',
      { path: file, problem: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
}
