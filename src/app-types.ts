/** What the command line asks of the application; `app.ts` fulfils it. */
import type { ErrorRecord } from './errors/machinespawn-error.ts';
import type { PluginCommands } from './app-plugin-types.ts';
import type { RunEvent } from './engine/events.ts';
import type { DetachedRun, ResumeRequest, RunHandle, RunRequest, RunStatus } from './app-run-types.ts';
import type { Json } from './engine/step.ts';
import type { MachineRow } from './steps/lib/machine-row.ts';

export type { ResumeRequest, RunHandle, RunOutcome, RunRequest, RunStatus } from './app-run-types.ts';

export interface Settings {
  readonly machinesDirectory: string;
  readonly cacheDirectory: string;
  readonly stateDirectory: string;
  readonly snapshotDriver: 'auto' | 'btrfs' | 'overlay' | 'copy';
}

/** One step of `--dry-run` and of `cache explain`. */
export interface PlannedStepReport {
  readonly id: string;
  readonly uses: string;
  readonly summary: string;
  readonly needs: readonly string[];
  /** `unknown`: its key depends on what an earlier step finds out. */
  readonly cache: 'hit' | 'miss' | 'unknown' | 'off';
  /** Such as "built 3 minutes ago by run …" or "no result yet" or "arch is arm64, was amd64". */
  readonly why: string;
  /** What is known to come of it already: its condition does not hold, or it looked and failed. */
  readonly outcome: 'skipped' | 'failed' | null;
  /** What a step that looked and failed said. */
  readonly error: ErrorRecord | null;
  readonly input: Json | null;
}

export interface PlanReport {
  readonly pipeline: string;
  readonly summary: string;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly steps: readonly PlannedStepReport[];
  /** The unfinished run that the command would go on with. */
  readonly resumes: string | null;
}

export interface RunSummary {
  readonly id: string;
  readonly pipeline: string;
  readonly machine: string | null;
  readonly status: RunStatus | 'running' | 'damaged';
  readonly resumable: boolean;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly durationMs: number | null;
  readonly steps: {
    readonly total: number;
    readonly done: number;
    readonly cached: number;
    readonly skipped: number;
    readonly failed: number;
  };
  readonly currentStep: string | null;
  readonly exitCode: number | null;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly user: string;
  readonly version: string;
}

export interface RunStepDetail {
  readonly id: string;
  readonly uses: string;
  readonly status: string;
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly key: string | null;
  readonly outputs: Json | null;
  readonly error: ErrorRecord | null;
  /** Log files of the attempts, first attempt first. */
  readonly logs: readonly string[];
}

export interface RunDetail extends RunSummary {
  /** What names its pipeline: absolute path of the file, or the name of a built-in one. */
  readonly source: string;
  readonly directory: string;
  readonly error: ErrorRecord | null;
  readonly stepDetails: readonly RunStepDetail[];
}

/** A machine as `list` and `show` print it. What only a running systemd could tell is null, or empty. */
export interface MachineSummary extends MachineRow {
  readonly limitBytes: number | null;
  readonly modifiedAt: string | null;
  readonly addresses: readonly string[];
  readonly leaderPid: number | null;
}

export interface DoctorCheck {
  readonly id: string;
  readonly title: string;
  readonly status: 'ok' | 'warn' | 'fail' | 'skip';
  readonly detail: string;
  readonly fix: { readonly command: string } | null;
}

export interface CacheEntry {
  readonly kind: 'snapshot' | 'result' | 'artifact' | 'package' | 'unpacked' | 'download' | 'run';
  readonly id: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly createdAt: string | null;
  /** What it is, such as "debian-12 amd64 minbase, configure-base". */
  readonly text: string;
  /** Needed by an unfinished run or a running build. */
  readonly inUse: boolean;
}

export interface CleanRequest {
  readonly images: readonly string[];
  readonly kinds: readonly ('bootstrap' | 'packages' | 'downloads' | 'runs')[];
  readonly olderThanMs: number | null;
  readonly keep: number;
}

export interface ValidationFault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly hint: string | null;
  readonly text: string;
}

export interface PipelineSummary {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  readonly origin: 'project' | 'user' | 'system' | 'builtin' | 'plugin';
  readonly inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly default: Json | null;
    readonly required: boolean;
    readonly summary: string;
  }[];
  readonly steps: number;
  readonly matrixSize: number;
  readonly needsRoot: boolean;
}

/** A pipeline in a list. Of one that cannot be read as it is, only name and place are known; all else is null or empty. */
export type PipelineEntry = Omit<PipelineSummary, 'steps' | 'matrixSize' | 'needsRoot'> & {
  readonly steps: number | null;
  readonly matrixSize: number | null;
  readonly needsRoot: boolean | null;
  /** Why it cannot be run as it is, such as a plugin that is not trusted yet. */
  readonly problem: string | null;
};

/** Everything loads lazily: making an App costs nothing. */
export interface App extends PluginCommands {
  readonly settings: Settings;
  readonly version: string;
  /** Versions of node, systemd, debootstrap and kernel; null for what is not there. */
  versions(): Promise<Readonly<Record<string, string | null>>>;
  /** Starts a run, or goes on with the interrupted one of the same plan. Throws before anything is touched when the request is not right. */
  run(request: RunRequest, onEvent: (event: RunEvent) => void): Promise<RunHandle>;
  /** `id`: as in `findRun`; null: the last one that can be resumed. */
  resume(id: string | null, options: ResumeRequest, onEvent: (event: RunEvent) => void): Promise<RunHandle>;
  plan(request: RunRequest): Promise<PlanReport>;
  /** Inputs by name from a YAML or JSON file. Throws MSP_FILE_UNREADABLE, MSP_PIPELINE_INVALID. */
  readInputs(file: string): Promise<Readonly<Record<string, unknown>>>;
  /** A shell in the tree that a step made, on the caller's terminal; what it changes is thrown away. `step` null: the last one that made a tree. Gives its exit code. */
  shell(run: string, step: string | null): Promise<number>;
  /**
   * Writes a pipeline file that begins as a copy of a known pipeline, and the schema for editors beside it; gives the paths.
   * Throws MSP_PIPELINE_NOT_FOUND, MSP_FILE_UNWRITABLE where one is there already.
   */
  initPipeline(template: string, file: string): Promise<readonly string[]>;
  listRuns(): Promise<readonly RunSummary[]>;
  /** By id, unique prefix or suffix, @last, @failed, or a machine's name. Throws MSP_RUN_NOT_FOUND. */
  showRun(id: string): Promise<RunDetail>;
  /** Begins a command of ours that goes on without us; returns when its run is open. Throws what it failed with before. */
  detach(argv: readonly string[]): Promise<DetachedRun>;
  /** Asks the process of a run to end, as Ctrl-C does; gives the run's id. Throws MSP_RUN_NOT_FOUND, MSP_RUN_NOT_RUNNING. */
  cancelRun(id: string): Promise<string>;
  /** Writes a page for the caller, whoever that is behind sudo; gives the path. Throws MSP_FILE_UNWRITABLE. */
  saveReport(path: string, text: string): Promise<string>;
  removeRuns(ids: readonly string[]): Promise<readonly string[]>;
  listMachines(options: { readonly size: boolean }): Promise<readonly MachineSummary[]>;
  /** Rows as `model/image-rows.ts` makes them. */
  images(): Promise<readonly unknown[]>;
  /** `target`: an image with or without /arch; null: this host in general. */
  doctor(target: string | null): Promise<readonly DoctorCheck[]>;
  cacheEntries(): Promise<readonly CacheEntry[]>;
  explain(request: RunRequest, step: string | null): Promise<PlanReport>;
  listPipelines(): Promise<readonly PipelineEntry[]>;
  showPipeline(name: string): Promise<{
    readonly summary: PipelineSummary;
    readonly text: string;
    readonly plan: PlanReport | null;
    readonly steps: readonly {
      readonly id: string;
      readonly uses: string;
      readonly needs: readonly string[];
      readonly root: boolean;
      readonly tools: readonly string[];
    }[];
  }>;
  /** `text` null: read the file. */
  validatePipeline(file: string, text: string | null): Promise<readonly ValidationFault[]>;
  graphPipeline(name: string, format: 'mermaid' | 'dot' | 'text' | 'json', run: string | null): Promise<string>;
  pipelineSchema(): Promise<unknown>;
  /** Options of every step type (or one), from its schema. */
  stepTypes(): Promise<
    readonly {
      readonly id: string;
      readonly summary: string;
      readonly input: Json;
      readonly output: Json;
      readonly needsRoot: boolean;
      readonly tools: readonly string[];
      readonly reuse: string;
    }[]
  >;
  /** A glance: are the programs there that nearly every command needs? Loads nothing. */
  hasUsualTools(): boolean;
  /** The tools that a request needs and this host lacks, as Debian packages, with the commands that install them. */
  missingTools(
    request: RunRequest | null,
  ): Promise<{ readonly packages: readonly string[]; readonly commands: readonly (readonly string[])[] }>;
  /** Runs those commands on the caller's terminal. */
  installTools(commands: readonly (readonly string[])[]): Promise<void>;
  /** Becomes root by replacing this process with sudo, or throws MSP_ROOT_NEEDED; returns when root already. */
  elevate(argv: readonly string[]): Promise<void>;
  /** Enters a private mount namespace by replacing this process; returns when in one already. */
  isolate(argv: readonly string[]): Promise<void>;
}
