import type { App } from '../../app-types.ts';
import { fail } from '../../errors/machinespawn-error.ts';
import { nearest } from '../../model/nearest.ts';
import { defineCommand } from '../command.ts';
import { stepLines } from '../step-lines.ts';
import { listOptions, printList } from '../table.ts';

type StepType = Awaited<ReturnType<App['stepTypes']>>[number];

export const pipelineSteps = defineCommand({
  name: 'pipeline steps',
  summary: 'List step types, or the options of one',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [{ name: 'step', summary: 'A step type', optional: true }],
  options: listOptions,
  examples: [
    ['machinespawn pipeline steps', 'all of them'],
    ['machinespawn pipeline steps echo', 'what one takes and gives'],
  ],

  async run({ positionals, options, globals, app, terminal }) {
    const types = await app.stepTypes();
    if (positionals.step === undefined) {
      printList<StepType>(terminal, { ...options, quiet: globals.quiet }, types, {
        name: ({ id }) => id,
        legend: () => null,
        columns: [
          { title: 'STEP', cell: ({ id }) => id },
          { title: 'ROOT', cell: ({ needsRoot }) => (needsRoot ? 'yes' : 'no') },
          { title: 'REUSE', cell: ({ reuse }) => reuse },
          { title: 'SUMMARY', cell: ({ summary }) => summary },
          { title: 'TOOLS', wide: true, cell: ({ tools }) => tools.join(' ') || '-' },
        ],
      });
      return 0;
    }
    const found = types.find(({ id }) => id === positionals.step);
    if (found === undefined) {
      const near = nearest(
        positionals.step,
        types.map(({ id }) => id),
      );
      throw fail('MSP_USAGE', {
        problem: `there is no step type '${positionals.step}'`,
        hint: near === null ? 'machinespawn pipeline steps' : `did you mean '${near}'?`,
      });
    }
    if (options.json || options.format === 'json') terminal.out(JSON.stringify(found, null, 2));
    else for (const line of stepLines(found)) terminal.out(line);
    return 0;
  },
});
