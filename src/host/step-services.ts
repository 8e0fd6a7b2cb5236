import type { Readable } from 'node:stream';
import { HostArchives } from './archives.ts';
import { HostDebs } from './debs/host-debs.ts';
import type { Exec } from './exec.ts';
import type { ExecContext } from './exec-settings.ts';
import { HostFiles } from './files.ts';
import { MemoryFiles } from './memory.ts';
import { HostProxies, type ProxyBook } from './proxies.ts';
import { TreeFiles } from './root-files.ts';
import type { SitePasswords } from './site-passwords.ts';
import type { Net } from './net-services.ts';
import type {
  Artifacts,
  Command,
  HostFacts,
  Keeper,
  LockAnswer,
  Machines,
  PipelineListener,
  Pipelines,
  StepServices,
} from './services.ts';
import type { Trees } from './tree-services.ts';

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
  readonly foresee: Pipelines['foresee'];
}

/** What all attempts of all steps share. */
export interface HostParts {
  readonly exec: Exec;
  readonly facts: HostFacts;
  readonly machines: Machines;
  readonly keeper: Keeper;
  readonly proxies: ProxyBook;
  readonly passwords: SitePasswords;
  readonly pipelines: InnerPipelines;
  readonly directories: { readonly cache: string; readonly packages: string; readonly state: string };
}

/** What belongs to one attempt. */
export interface AttemptParts {
  /** Unique to the step in its run, and the same in each attempt. */
  readonly id: string;
  readonly context: ExecContext;
  readonly net: Net;
  readonly trees: Trees;
  /** Makes the directory when it is first asked for: most steps need none. */
  scratch(): string;
  readonly artifacts: Artifacts;
  lock(name: string): Promise<void>;
  lockForRun(name: string): Promise<LockAnswer>;
  /** Tells the person. */
  warn(text: string): void;
}

/** The services of one attempt of a step. */
export function composeServices(host: HostParts, attempt: AttemptParts): StepServices {
  const { context } = attempt;
  const exec = async (command: Command) => await host.exec.run(command, context);
  const run = async (command: Command, stop?: AbortSignal, input?: Readable) =>
    await host.exec.run(command, {
      ...context,
      ...(input !== undefined && { input }),
      signal: stop === undefined ? context.signal : AbortSignal.any([context.signal, stop]),
    });
  return {
    keeper: host.keeper,
    pipelines: {
      foresee: async (name, inputs, options) => await host.pipelines.foresee(name, inputs, options),
      run: async (name, inputs, listener) =>
        await host.pipelines.run(name, inputs, {
          id: attempt.id,
          place: attempt.scratch(),
          signal: context.signal,
          listener,
        }),
    },
    facts: host.facts,
    files: new HostFiles(exec, context.signal),
    memory: new MemoryFiles(host.directories.cache),
    debs: new HostDebs(host.exec, context, host.directories.cache),
    net: attempt.net,
    archives: new HostArchives(run, () => attempt.scratch()),
    proxies: new HostProxies(host.proxies, context.signal),
    trees: attempt.trees,
    artifacts: attempt.artifacts,
    machines: host.machines,
    directories: {
      ...host.directories,
      get scratch() {
        return attempt.scratch();
      },
    },
    root: (path) => new TreeFiles(path, exec),
    exec,
    execOnTerminal: async (command) => await host.exec.onTerminal(command, context),
    lock: async (name) => await attempt.lock(name),
    lockForRun: async (name) => await attempt.lockForRun(name),
  };
}
