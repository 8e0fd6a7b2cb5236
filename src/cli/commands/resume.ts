import { defineCommand } from '../command.ts';
import { resumeOptions, resumePositionals, resumeRun } from '../resume-run.ts';

export const resume = defineCommand({
  name: 'resume',
  summary: 'Go on with an interrupted run (the last one, or RUN)',
  group: 'Build',
  needsRoot: 'steps',
  positionals: resumePositionals,
  options: resumeOptions,
  examples: [
    ['machinespawn resume', 'the last run that can go on'],
    ['machinespawn resume k3f9', 'by the end of its id'],
    ['machinespawn resume bread', "by the machine's name"],
    ['machinespawn resume @last --from software', 'a step and what depends on it again'],
  ],
  run: resumeRun,
});
