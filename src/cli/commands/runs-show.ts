import type { RunDetail, RunStepDetail } from '../../app-types.ts';
import { defineCommand } from '../command.ts';
import { elapsed } from '../report/amounts.ts';
import { harmless } from '../terminal.ts';
import { tableLines } from '../table.ts';

export const runsShow = defineCommand({
  name: 'runs show',
  summary: 'Show one run and its steps',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [
    { name: 'run', summary: 'Its id, the first or last part of it, @last, @failed, or a machine', optional: true },
  ],
  options: { json: { type: 'boolean', summary: 'Print it as JSON' } },
  examples: [
    ['machinespawn runs show', 'the last one'],
    ['machinespawn runs show k3f9 --json', 'for a program'],
  ],

  async run({ positionals, options, app, terminal }) {
    const detail = await app.showRun(positionals.run ?? '@last');
    if (options.json) terminal.out(JSON.stringify(detail, null, 2));
    else for (const line of runLines(detail)) terminal.out(line);
    return 0;
  },
});

export function runLines(detail: RunDetail): readonly string[] {
  const { steps } = detail;
  const facts: readonly (readonly [string, string | null])[] = [
    ['Run', detail.id],
    ['Pipeline', detail.pipeline],
    ['Machine', detail.machine],
    ['Status', `${detail.status}${detail.resumable ? ' (can be resumed)' : ''}`],
    ['Started', detail.startedAt],
    ['Ended', detail.endedAt],
    ['Took', detail.durationMs === null ? null : elapsed(detail.durationMs)],
    [
      'Steps',
      `${steps.done} of ${steps.total} done, ${steps.cached} from cache, ${steps.skipped} skipped, ${steps.failed} failed`,
    ],
    [
      'Inputs',
      Object.entries(detail.inputs)
        .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' '),
    ],
    ['By', `${detail.user}, machinespawn ${detail.version}`],
    ['Folder', detail.directory],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === null || value === '' ? [] : [`${`${name}:`.padEnd(10)}${harmless(value)}`],
  );
  const table = tableLines<RunStepDetail>(
    [
      { title: 'STEP', cell: ({ id }) => id },
      { title: 'STATUS', cell: ({ status }) => status },
      { title: 'ATTEMPTS', right: true, cell: ({ attempts }) => String(attempts) },
      { title: 'TIME', right: true, cell: ({ durationMs }) => (durationMs === null ? '-' : elapsed(durationMs)) },
      { title: 'KEY', cell: ({ key }) => key?.slice(0, 12) ?? '-' },
    ],
    detail.stepDetails,
    true,
  );
  const error = detail.error === null ? [] : ['', `Error: ${harmless(detail.error.message)} (${detail.error.code})`];
  return [...lines, '', ...table, ...error];
}
