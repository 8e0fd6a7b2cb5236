/** Runs: start, go on, list, show, remove. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exportArtifacts, type Owner } from './app-artifacts.ts';
import { refreshed, type AppPipelines } from './app-pipelines.ts';
import { machineOf, sourceOf, startOf, stepDetail, summaryOf } from './app-run-details.ts';
import type { ResumeRequest, RunDetail, RunHandle, RunOutcome, RunRequest, RunSummary } from './app-types.ts';
import type { World } from './app-world.ts';
import type { OpenRun } from './engine/engine.ts';
import type { RunEvent } from './engine/events.ts';
import type { Plan } from './engine/plan.ts';
import { describePlanChanges } from './engine/plan-changes.ts';
import { withDependants } from './engine/plan-selection.ts';
import type { RunEnd } from './engine/run.ts';
import { isResumable, viewRun, type RunView } from './engine/run-summary.ts';
import { fail, MachinespawnError } from './errors/machinespawn-error.ts';
import { warmUpPipes } from './host/pipes.ts';

type Listener = (event: RunEvent) => void;

export class AppRuns {
  readonly #world: World;
  readonly #pipelines: AppPipelines;
  readonly #kill: AbortController;
  /** Whose the files in an output directory are; null for the caller's own. */
  readonly #owner: Owner;

  constructor(world: World, pipelines: AppPipelines, kill: AbortController, owner: Owner) {
    this.#owner = owner;
    this.#world = world;
    this.#pipelines = pipelines;
    this.#kill = kill;
  }

  async run(request: RunRequest, onEvent: Listener): Promise<RunHandle> {
    const plan = await this.#pipelines.plan(request);
    const refresh = refreshed(plan, request);
    const options = {
      jobs: request.jobs ?? 4,
      noCache: request.noCache === true,
      refresh,
      ...(request.keepGoing === undefined ? {} : { keepGoing: request.keepGoing }),
      ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
      onEvent,
    };
    if (request.ephemeral === true) {
      const { engine, scratch } = this.#world.ephemeral();
      const run = await engine.start(plan, options);
      // Each step has emptied its own folder in it.
      const handle = this.#handle({ ...run, done: endThenRemove(run.done, join(scratch, run.runId)) });
      return { ...handle, done: handle.done.then((outcome) => ({ ...outcome, resumable: false })) };
    }
    this.#watchFailures(request);
    if (plan.steps.some(({ uses }) => uses === 'resolve-archive')) warmUpPipes();
    this.#expectMachine(plan);
    const { engine } = this.#world;
    const startsAnew = options.noCache || refresh.length > 0;
    const unfinished = startsAnew ? null : await engine.findUnfinished(plan);
    return this.#handle(
      unfinished === null ? await engine.start(plan, options) : await engine.resume(unfinished, options),
      request.output,
    );
  }

  async resume(id: string | null, options: ResumeRequest, onEvent: Listener): Promise<RunHandle> {
    const { from = [], jobs = 4, keepGoing, inputs = {}, output } = options;
    const view = await this.find(id ?? (from.length > 0 ? '@last' : '@resumable'));
    const mayOpen = isResumable(view) || (from.length > 0 && view.status === 'succeeded') || view.damage !== null;
    if (!mayOpen) {
      if (view.status === 'running') throw fail('MSP_RUN_BUSY', { run: view.id, pid: view.record?.pid ?? null });
      throw fail('MSP_RUN_NOT_RESUMABLE', { run: view.id, status: view.status });
    }
    await this.#pipelines.loadPlugins(view.plan, view.id);
    const again = view.plan === null ? [] : [...withDependants(view.plan, from)];
    const secretSources = this.#secretSources(view.plan, inputs);
    this.#watchFailures(options);
    if (view.plan !== null) this.#expectMachine(view.plan);
    const changes = await this.#changesSince(view);
    const how = { jobs, again, secretSources, ...(keepGoing === undefined ? {} : { keepGoing }), onEvent };
    const handle = this.#handle(await this.#world.engine.resume(view.id, how), output);
    if (changes !== null) {
      const ts = new Date().toISOString();
      onEvent({
        v: 1,
        seq: 0,
        ts,
        run: view.id,
        type: 'warning',
        step: null,
        text: `${changes}; the run goes on by its stored plan`,
      });
    }
    return handle;
  }

  #expectMachine({ steps }: Plan): void {
    // Where a base of another plan, or a tree made of it, becomes the machine, a copy of the base is of no use.
    const has = (type: string): boolean => steps.some(({ uses }) => uses === type);
    if (has('configure-base') && has('materialize-machine')) this.#world.expectMachine();
  }

  /** Throws MSP_INPUT_INVALID for an input that is no secret: it is part of what the run does. */
  #secretSources(plan: Plan | null, inputs: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
    const { secrets } = this.#world.ports;
    const sources = Object.entries(inputs).map(([input, source]) => {
      if (plan !== null && Object.hasOwn(plan.secrets, input))
        return [input, secrets.canonical(String(source))] as const;
      const problem = 'a run that has begun goes on with its inputs; only where a secret is can be told again';
      throw fail('MSP_INPUT_INVALID', { pipeline: plan?.pipeline.id ?? '?', input, problem });
    });
    return Object.fromEntries(sources);
  }

  /** What the pipeline file of today would do otherwise; null when nothing, or when it cannot be read. */
  async #changesSince({ plan }: RunView): Promise<string | null> {
    if (plan === null) return null;
    const today = await this.#pipelines.plan({ pipeline: sourceOf(plan), inputs: plan.inputs }).catch(() => null);
    return today === null ? null : describePlanChanges(plan, today);
  }

  /** Newest first. */
  async list(): Promise<readonly RunSummary[]> {
    return (await this.views()).map(summaryOf);
  }

  async show(id: string): Promise<RunDetail> {
    const view = await this.find(id);
    const stepDetails = await Promise.all(
      (view.plan?.steps ?? []).map(({ id: step, uses }) => stepDetail(view, step, uses)),
    );
    return {
      ...summaryOf(view),
      source: view.plan === null ? '?' : sourceOf(view.plan),
      directory: view.directory,
      error: view.damage ?? view.record?.error ?? null,
      stepDetails,
    };
  }

  async remove(ids: readonly string[]): Promise<readonly string[]> {
    const views = await Promise.all(ids.map((id) => this.find(id)));
    const running = views.find((view) => view.status === 'running');
    if (running !== undefined) throw fail('MSP_RUN_BUSY', { run: running.id, pid: running.record?.pid ?? null });
    for (const view of views) await this.#world.runs.remove(view.id);
    return views.map((view) => view.id);
  }

  /** By id, unique prefix or suffix, @last, @failed, @resumable, or a machine's name. Throws MSP_RUN_NOT_FOUND. */
  async find(id: string): Promise<RunView> {
    const views = await this.views();
    const exact = views.find((view) => view.id === id);
    const parts = views.filter((view) => view.id.startsWith(id) || view.id.endsWith(id));
    const found =
      id === '@last'
        ? views[0]
        : id === '@failed'
          ? views.find((view) => view.status === 'failed')
          : id === '@resumable'
            ? views.find(isResumable)
            : (exact ?? (parts.length === 1 ? parts[0] : views.find((view) => machineOf(view.plan) === id)));
    if (found === undefined) throw fail('MSP_RUN_NOT_FOUND', { run: id === '@resumable' ? 'that can be resumed' : id });
    return found;
  }

  /** Newest first. */
  async views(): Promise<readonly RunView[]> {
    const { runs } = this.#world;
    const ids = (await runs.list()).toReversed();
    const views = await Promise.all(
      ids.map(async (id) => {
        const files = await runs.open(id).catch(() => null);
        return files === null ? null : viewRun(files, () => runs.isBusy(id));
      }),
    );
    // An id tells the second; two runs of one second are told apart by what their journals say.
    return views.filter((view) => view !== null).toSorted((a, b) => startOf(b) - startOf(a));
  }

  #handle(run: OpenRun, output?: string): RunHandle {
    const ended = run.done.finally(() => {
      this.#world.endRun(run.runId);
    });
    const done = ended.then(async (end) => {
      // What is left after a hard kill is thrown away as what other dead processes left.
      await this.#world.clearAhead(run.runId).catch(() => {});
      return await this.#deliver(end, output);
    });
    return {
      runId: run.runId,
      done,
      cancel: (signal, hard) => {
        run.cancel(signal);
        if (hard) this.#kill.abort(fail('MSP_CANCELLED', { reason: signal }));
      },
    };
  }

  /** The files of a run that succeeded, where they were asked for. */
  async #deliver(end: RunEnd, output: string | undefined): Promise<RunOutcome> {
    const outcome = { ...end, resumable: end.status !== 'succeeded', files: [] };
    if (end.status !== 'succeeded' || output === undefined) return outcome;
    try {
      return { ...outcome, files: await exportArtifacts(this.#world.artifacts, end.outputs, output, this.#owner) };
    } catch (error) {
      if (!MachinespawnError.is(error)) throw error;
      return { ...outcome, status: 'failed', error: error.toJSON(), exitCode: error.exitCode };
    }
  }

  #watchFailures(options: Pick<RunRequest, 'keepFailed' | 'debugShell'>): void {
    const { world } = { world: this.#world };
    if (options.keepFailed !== true && options.debugShell !== true) return;
    world.failedTree = async ({ path, step }) => {
      const never = new AbortController().signal;
      if (options.debugShell === true) {
        process.stderr.write(
          `A shell in the tree of step '${step}'; leave it with 'exit', and the tree is thrown away.\n`,
        );
        const shell =
          'for shell in /bin/bash /bin/sh; do [ -x "$1$shell" ] && exec chroot "$1" "$shell"; done; cd "$1" && exec /bin/sh';
        await world.exec.onTerminal({ file: 'sh', args: ['-c', shell, 'sh', path] }, { signal: never });
      }
      if (options.keepFailed === true) {
        const kept = join(world.settings.stateDirectory, 'failed', `${step}-${Date.now()}`);
        await world.exec.run(
          { file: 'mkdir', args: ['-p', '-m', '0700', join(world.settings.stateDirectory, 'failed')] },
          { signal: never },
        );
        await world.exec.run(
          { file: 'cp', args: ['-a', '--reflink=auto', '-x', path, kept], sandbox: false },
          { signal: never },
        );
        process.stderr.write(`The tree of step '${step}' is kept: ${kept}\n`);
      }
    };
  }
}

async function endThenRemove(done: Promise<RunEnd>, directory: string): Promise<RunEnd> {
  try {
    return await done;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
