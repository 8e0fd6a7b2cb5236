import { defineCommand } from '../command.ts';
import { resumeOptions, resumePositionals, resumeRun } from '../resume-run.ts';

export const pipelineResume = defineCommand({
  name: 'pipeline resume',
  summary: 'Same as resume: go on with an interrupted run',
  group: 'Pipelines',
  needsRoot: 'steps',
  positionals: resumePositionals,
  options: resumeOptions,
  examples: [['machinespawn pipeline resume k3f9', 'by the end of its id']],
  run: resumeRun,
});
