import type { RunSummary } from '../../app-types.ts';
import { fail } from '../../errors/machinespawn-error.ts';
import { relativeTime } from '../../model/relative-time.ts';
import { defineCommand } from '../command.ts';
import { elapsed } from '../report/amounts.ts';
import { listOptions, printList } from '../table.ts';

export const runStatuses = ['succeeded', 'failed', 'interrupted', 'paused', 'running', 'damaged'] as const;

export const runsLs = defineCommand({
  name: 'runs ls',
  summary: 'List runs, the newest first',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [],
  options: {
    ...listOptions,
    status: { type: 'string', valueName: 'STATUS', choices: runStatuses, summary: 'Only these' },
    pipeline: { type: 'string', valueName: 'NAME', summary: 'Only runs of this pipeline' },
    number: { type: 'count', short: 'n', valueName: 'N', summary: 'At most so many; 20 otherwise' },
  },
  examples: [
    ['machinespawn runs ls', 'the last 20'],
    ['machinespawn runs ls --status failed --json', 'for a program'],
  ],

  async run({ options, globals, app, terminal }) {
    const { status, pipeline, number = 20 } = options;
    if (number === 0) throw fail('MSP_USAGE', { problem: '--number: 0 runs would be shown' });
    const runs = (await app.listRuns())
      .filter(
        (run) =>
          (status === undefined || run.status === status) && (pipeline === undefined || run.pipeline === pipeline),
      )
      .slice(0, number);
    const now = terminal.nowMs();
    printList<RunSummary>(terminal, { ...options, quiet: globals.quiet }, runs, {
      name: ({ id }) => id,
      legend: (count) => (count === 0 ? 'No runs.' : null),
      columns: [
        { title: 'ID', cell: ({ id }) => id },
        { title: 'PIPELINE', cell: (run) => run.pipeline },
        { title: 'TARGET', cell: ({ machine }) => machine ?? '-' },
        { title: 'STATUS', cell: (run) => run.status },
        { title: 'STEPS', cell: ({ steps }) => `${steps.done}/${steps.total}` },
        { title: 'STARTED', cell: ({ startedAt }) => relativeTime(Date.parse(startedAt), now) },
        { title: 'TIME', right: true, cell: ({ durationMs }) => (durationMs === null ? '-' : elapsed(durationMs)) },
        { title: 'EXIT', wide: true, cell: ({ exitCode }) => (exitCode === null ? '-' : String(exitCode)) },
        { title: 'USER', wide: true, cell: ({ user }) => user },
        { title: 'VERSION', wide: true, cell: ({ version }) => version },
      ],
    });
    return 0;
  },
});
