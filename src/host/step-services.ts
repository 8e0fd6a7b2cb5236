import type { Exec } from './exec.ts';
import type { ExecContext } from './exec-settings.ts';
import { HostFiles } from './files.ts';
import { HttpNet } from './net.ts';
import { TreeFiles } from './root-files.ts';
import type {
  Artifacts,
  Command,
  HostFacts,
  Keeper,
  Machines,
  PipelineListener,
  StepServices,
  Trees,
} from './services.ts';

/** Runs a pipeline inside of a step; `id`: of the step in its run; `place`: a directory of the step's own. */
export interface InnerPipelines {
  run(
    name: string,
    inputs: Readonly<Record<string, unknown>>,
    step: {
      readonly id: string;
      readonly place: string;
      readonly signal: AbortSignal;
      readonly listener: PipelineListener;
    },
  ): Promise<Readonly<Record<string, unknown>>>;
}

/** What all attempts of all steps share. */
export interface HostParts {
  readonly exec: Exec;
  readonly facts: HostFacts;
  readonly machines: Machines;
  readonly keeper: Keeper;
  readonly pipelines: InnerPipelines;
  readonly directories: { readonly cache: string; readonly packages: string; readonly state: string };
}

/** What belongs to one attempt. */
export interface AttemptParts {
  /** Unique to the step in its run, and the same in each attempt. */
  readonly id: string;
  readonly context: ExecContext;
  readonly trees: Trees;
  readonly artifacts: Artifacts;
  readonly scratch: string;
  lock(name: string): Promise<void>;
}

/** The services of one attempt of a step. */
export function composeServices(host: HostParts, attempt: AttemptParts): StepServices {
  const { context } = attempt;
  const exec = async (command: Command) => await host.exec.run(command, context);
  return {
    keeper: host.keeper,
    pipelines: {
      run: async (name, inputs, listener) =>
        await host.pipelines.run(name, inputs, {
          id: attempt.id,
          place: attempt.scratch,
          signal: context.signal,
          listener,
        }),
    },
    facts: host.facts,
    files: new HostFiles(exec),
    net: new HttpNet({ env: (name) => host.facts.env(name), signal: context.signal }),
    trees: attempt.trees,
    artifacts: attempt.artifacts,
    machines: host.machines,
    directories: { ...host.directories, scratch: attempt.scratch },
    root: (path) => new TreeFiles(path, exec),
    exec,
    execOnTerminal: async (command) => await host.exec.onTerminal(command, context),
    lock: async (name) => await attempt.lock(name),
  };
}
