/** How a command that changes something goes: plan or root, tools, mount namespace, question, run, last words. */
import type { RunHandle, RunOutcome, RunRequest } from '../app-types.ts';
import type { RunEvent } from '../engine/events.ts';
import { reviveError } from '../errors/machinespawn-error.ts';
import type { Invocation } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { installMissingTools } from './install-tools.ts';
import { noLogFile, openLogFile } from './log-file.ts';
import { planLines } from './plan-lines.ts';
import { reportFailure } from './report-failure.ts';
import { goOnLine, savedLines } from './report/final-words.ts';
import { chooseMode, createReporter, type Reporter } from './report/reporter.ts';
import { watchSignals } from './signals.ts';

export type Call = Pick<Invocation, 'app' | 'terminal' | 'globals' | 'argv'>;

export interface Manner {
  readonly root: boolean;
  /** Say nothing of steps, only of errors. */
  readonly silent?: boolean;
  /** The terminal belongs to the program that the run starts. */
  readonly interactive?: boolean;
  readonly json?: boolean;
  readonly debugShell?: boolean;
  /** Asked as root and just before the run; false ends it without an error. */
  readonly confirm?: () => Promise<boolean>;
  /** Leave the run to a process of its own, and say which one it is. */
  readonly detach?: boolean;
  /** Absolute path for a report as HTML, however the run ends. */
  readonly report?: string;
  /** Last words after a success; gives the exit code. */
  readonly finish: (outcome: RunOutcome, durationMs: number) => number | Promise<number>;
}

/** Runs a request, or shows its plan with --dry-run. */
export async function execute(call: Call, request: RunRequest, manner: Manner): Promise<number> {
  const { app, globals } = call;
  const full = globals.jobs === undefined ? request : { ...request, jobs: globals.jobs };
  if (globals.dryRun) return showPlan(call, full, manner.json === true);
  if (manner.detach === true) return (await import('./detach.ts')).detachRun(call, full, manner.root);
  await prepare(call, full, manner.root);
  if (manner.confirm !== undefined && !(await manner.confirm())) {
    call.terminal.say('Nothing was changed.');
    return 0;
  }
  return follow(call, manner, (onEvent) => app.run(full, onEvent));
}

/** Root, the tools that are missing, and a mount namespace of our own. The last two begin this process anew. */
export async function prepare(call: Call, request: RunRequest | null, root: boolean): Promise<void> {
  const { app, argv } = call;
  if (root) await app.elevate(argv);
  // Both begin the process anew, so what can wait until then is not loaded twice. An installation is for the whole host.
  if (root && app.hasUsualTools()) await app.isolate(argv);
  await installMissingTools(call, await app.missingTools(request));
  if (root) await app.isolate(argv);
}

/** For a command that has to look around as root before it knows its request. */
export async function becomeRoot({ app, argv }: Call): Promise<void> {
  await app.elevate(argv);
  await app.isolate(argv);
}

/** Starts a run, shows its events, obeys signals, and says how it ended. */
export async function follow(
  call: Call,
  manner: Manner,
  start: (onEvent: (event: RunEvent) => void) => Promise<RunHandle>,
): Promise<number> {
  const { terminal, globals, app } = call;
  const log = globals.logFile === null ? noLogFile : await openLogFile(globals.logFile);
  const quiet = manner.silent === true && globals.verbose === 0 && globals.progress !== 'json';
  const mode = quiet
    ? 'none'
    : chooseMode(globals, terminal, manner.debugShell === true || manner.interactive === true);
  const reporter = await createReporter(mode, terminal, { version: app.version, verbose: globals.verbose });
  try {
    const outcome = await watched(call, manner, reporter, () =>
      start((event) => {
        reporter.event(event);
        log.write(event, event.type);
      }),
    );
    reporter.close();
    return await ended(call, manner, reporter, outcome);
  } finally {
    reporter.close();
    await log.close();
  }
}

async function watched(
  call: Call,
  manner: Manner,
  reporter: Reporter,
  start: () => Promise<RunHandle>,
): Promise<RunOutcome> {
  const handle = await start();
  const watch = watchSignals(call.terminal.signals, handle, {
    interactive: manner.interactive === true,
    say: (line) => (reporter.isSilent ? call.terminal.say(line) : reporter.say(line)),
  });
  try {
    return await handle.done;
  } finally {
    watch.stop();
  }
}

async function ended(call: Call, manner: Manner, reporter: Reporter, outcome: RunOutcome): Promise<number> {
  const { terminal, app } = call;
  if (manner.report !== undefined)
    await app.saveReport(manner.report, await (await import('./run-report.ts')).reportOf(app, outcome.runId));
  if (outcome.status === 'succeeded') {
    if (manner.json === true) terminal.out(JSON.stringify(outcome, null, 2));
    return manner.finish(outcome, reporter.view.durationMs);
  }
  const saved = outcome.resumable && outcome.status !== 'failed';
  if (outcome.error !== null) {
    reportFailure(reviveError(outcome.error), terminal, {
      json: manner.json === true,
      run: outcome.runId,
      log: reporter.view.failedLog,
      afterSteps: !reporter.isSilent,
    });
  }
  if (outcome.status === 'failed' && outcome.resumable && outcome.steps.done > 0 && manner.json !== true)
    terminal.say(goOnLine(outcome, manner.root));
  if (saved && manner.json !== true) for (const line of savedLines(outcome, manner.root)) terminal.say(line);
  return outcome.exitCode;
}

async function showPlan({ app, terminal }: Call, request: RunRequest, json: boolean): Promise<number> {
  const plan = await app.plan(request);
  if (json) terminal.out(JSON.stringify(plan, null, 2));
  else for (const line of planLines(plan)) terminal.out(line);
  // What failed while it only looked would fail in the run, too.
  return plan.steps.find(({ error }) => error !== null)?.error?.exitCode ?? exitCodes.ok;
}
