import type { App, RunSummary } from '../../app-types.ts';
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import { parseDuration } from '../../model/duration.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { runStatuses } from './runs-ls.ts';

export const runsRm = defineCommand({
  name: 'runs rm',
  summary: 'Remove runs from the history',
  group: 'Pipelines',
  needsRoot: 'steps',
  positionals: [{ name: 'run', summary: 'Ids, or the first or last part of them', optional: true, variadic: true }],
  options: {
    olderThan: { type: 'string', valueName: 'DUR', summary: 'All that began longer ago, such as 30d' },
    status: { type: 'string', valueName: 'STATUS', choices: runStatuses, summary: 'All with this status' },
    json: { type: 'boolean', summary: 'Print the ids as JSON' },
  },
  examples: [
    ['machinespawn runs rm k3f9', 'one run; asks when it could still be resumed'],
    ['machinespawn runs rm --older-than 30d', 'old ones'],
  ],

  async run({ positionals, options, globals, app, terminal, argv }) {
    const ids = positionals.run ?? [];
    const ageMs = options.olderThan === undefined ? null : parseDuration(options.olderThan);
    if (ids.length === 0 && ageMs === null && options.status === undefined) {
      throw fail('MSP_USAGE', {
        problem: 'runs rm: it is not said which',
        hint: 'machinespawn runs rm ID, --older-than 30d or --status failed',
      });
    }
    const chosen = await choose(
      app,
      ids,
      argv,
      (run) =>
        (ageMs === null || terminal.nowMs() - Date.parse(run.startedAt) > ageMs) &&
        (options.status === undefined || run.status === options.status),
    );
    if (globals.dryRun) {
      terminal.out(
        options.json
          ? JSON.stringify(chosen.map(({ id }) => id))
          : `would remove: ${chosen.map(({ id }) => id).join(' ') || 'nothing'}`,
      );
      return 0;
    }
    const resumable = chosen.filter((run) => run.resumable);
    if (resumable.length > 0) {
      const words = resumable.length === 1 ? `run ${resumable[0]?.id ?? ''}, which` : `${resumable.length} runs, which`;
      const text = `Remove ${words} could still be resumed?`;
      if (
        !(await confirm(
          { text, action: 'removing runs that could still be resumed', unattended: 'demand' },
          globals,
          terminal,
        ))
      ) {
        terminal.say('Nothing was changed.');
        return 0;
      }
    }
    const removed = chosen.length === 0 ? [] : await app.removeRuns(chosen.map(({ id }) => id));
    if (options.json) terminal.out(JSON.stringify(removed));
    else
      terminal.say(
        removed.length === 0
          ? 'Nothing to remove.'
          : `Removed ${removed.length} run${removed.length === 1 ? '' : 's'}: ${removed.join(' ')}`,
      );
    return 0;
  },
});

async function choose(
  app: App,
  ids: readonly string[],
  argv: readonly string[],
  fits: (run: RunSummary) => boolean,
): Promise<readonly RunSummary[]> {
  if (ids.length === 0) return (await app.listRuns()).filter((run) => fits(run) && run.status !== 'running');
  const found = new Map<string, RunSummary>();
  for (const id of ids) {
    const run = await find(app, id, argv);
    if (fits(run)) found.set(run.id, run);
  }
  return [...found.values()];
}

/** What this user cannot see may be root's. */
async function find(app: App, id: string, argv: readonly string[]): Promise<RunSummary> {
  try {
    return await app.showRun(id);
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code !== 'MSP_RUN_NOT_FOUND') throw error;
    await app.elevate(argv);
    return app.showRun(id);
  }
}
