/** Joins the rooms: the host's classes fit the engine's ports by their shape, and this is where the compiler checks it. */
import { readFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Settings } from './app-types.ts';
import { builtInPlugins } from './app-built-in-plugins.ts';
import { confined } from './app-confined-steps.ts';
import { AppInnerPipelines } from './app-inner-pipelines.ts';
import { AppKeeper } from './app-keeper.ts';
import { Engine } from './engine/engine.ts';
import { MemoryRunStore } from './engine/memory-run-store.ts';
import type { EnginePorts } from './engine/ports.ts';
import { StepRegistry } from './engine/step-registry.ts';
import { ArtifactStore } from './host/artifact-store.ts';
import { Exec } from './host/exec.ts';
import { SystemFacts } from './host/facts.ts';
import { KernelLocks, lockDirectory } from './host/locks.ts';
import { MachinesDirectory } from './host/machines.ts';
import { isPrivateNamespace } from './host/namespace.ts';
import { ResultFiles } from './host/result-store.ts';
import { RunDirectories } from './host/run-store.ts';
import { ProxyBook } from './host/proxies.ts';
import { SitePasswords } from './host/site-passwords.ts';
import { SecretFiles } from './host/secret-files.ts';
import type { StepServices } from './host/services.ts';
import { AheadShelf } from './host/trees-ahead.ts';
import { HostWorkbench } from './host/workbench.ts';
import { loadPlugin } from './plugins/load-plugins.ts';
import { openSnapshotStore } from './snapshots/open-snapshot-store.ts';
import type { SnapshotStore, WritableSnapshot } from './snapshots/snapshot-store.ts';
import { corePlugin } from './steps/index.ts';

export const defaultDirectories = {
  machines: '/var/lib/machines',
  cache: '/var/cache/machinespawn',
  state: '/var/lib/machinespawn',
} as const;

export interface World {
  readonly settings: Settings;
  readonly exec: Exec;
  readonly facts: SystemFacts;
  readonly proxies: ProxyBook;
  readonly passwords: SitePasswords;
  readonly locks: KernelLocks;
  readonly machines: MachinesDirectory;
  readonly runs: RunDirectories;
  readonly results: ResultFiles;
  readonly artifacts: ArtifactStore;
  readonly keeper: AppKeeper;
  readonly registry: StepRegistry<StepServices>;
  readonly engine: Engine<StepServices>;
  readonly ports: EnginePorts<StepServices>;
  /** Where a look may write; to be removed after it. */
  readonly lookScratch: string;
  /** A run is about to make a machine: its tree may be copied ahead, and the store is opened beside the first steps. */
  expectMachine(): void;
  /** Throws away the trees that were made ahead in the run and that no step took, and the copies that nobody asked for. */
  clearAhead(runId: string): Promise<void>;
  /** Gives back the locks of the run. */
  endRun(runId: string): void;
  /** An engine whose runs leave nothing behind. */
  ephemeral(): { readonly engine: Engine<StepServices>; readonly scratch: string };
  /** Opened on first use: probing the file system mounts something. */
  openSnapshots(): Promise<SnapshotStore>;
  /** What happens to the tree of a step that fails; set for the time of a run. */
  failedTree: ((place: { readonly path: string; readonly step: string }) => Promise<void>) | null;
}

/** `kill`: when it is aborted every program dies at once. */
export function openWorld(
  settings: Settings,
  { environment, cwd }: { readonly environment: Readonly<Record<string, string | undefined>>; readonly cwd: string },
  version: string,
  kill: AbortSignal,
): World {
  // Whatever the caller's is: a tree made under 077 is of no use.
  process.umask(0o022);
  const isRoot = process.geteuid?.() === 0;
  const { TERM } = environment;
  const exec = new Exec({ isRoot, kill, ...(TERM === undefined ? {} : { term: TERM }) });
  const facts = new SystemFacts({ environment, scratch: scratchFor(settings, isRoot) });
  const lockPlace =
    settings.cacheDirectory === defaultDirectories.cache ? lockDirectory : join(settings.cacheDirectory, 'locks');
  const locks = new KernelLocks(lockPlace, `process ${process.pid}`);
  const proxies = new ProxyBook();
  const passwords = new SitePasswords();
  // A run that is resumed has the address, and no password.
  proxies.hide(environment['MACHINESPAWN_PROXY'] ?? '');
  const { signal } = new AbortController();
  const tidy = exec.run.bind(exec);
  const runsPlace = join(settings.stateDirectory, 'runs');
  const runs = new RunDirectories(runsPlace, locks, (command) => tidy(command, { signal }));
  const results = new ResultFiles(join(settings.cacheDirectory, 'results'));
  const artifacts = new ArtifactStore(join(settings.cacheDirectory, 'artifacts'));
  const machines = new MachinesDirectory(settings.machinesDirectory, join(settings.stateDirectory, 'machines'));

  let snapshots: Promise<SnapshotStore> | null = null;
  const openSnapshots = (): Promise<SnapshotStore> => {
    snapshots ??= openSnapshotStore({
      directory: join(settings.cacheDirectory, 'snapshots'),
      driver: settings.snapshotDriver,
      privateNamespace: isPrivateNamespace(environment),
      // Mounts must be made in this process's own namespace; all else dies with us in one of its own.
      run: (file, args, { signal: stop = signal, mounts = false, ...options } = {}) =>
        tidy({ file, args, sandbox: !mounts, wholeOutput: true, ...options }, { signal: stop }),
    });
    return snapshots;
  };
  const store = lazyStore(openSnapshots);
  const registry = new StepRegistry<StepServices>();
  loadPlugin(corePlugin, registry);
  for (const plugin of builtInPlugins) loadPlugin(plugin, registry, confined(plugin.name));
  const keeper = new AppKeeper({ settings, runs, results, artifacts, locks, registry, openSnapshots, exec });
  const directories = {
    cache: settings.cacheDirectory,
    packages: join(settings.cacheDirectory, 'packages'),
    state: settings.stateDirectory,
  };
  const world = { failedTree: null } as { failedTree: World['failedTree'] };
  const pipelines = new AppInnerPipelines({
    registry,
    ports: () => ports,
    workbenchAt: (place) => makeWorkbench(place),
  });
  const ahead = new AheadShelf<WritableSnapshot>();
  const makeWorkbench = (place: string): HostWorkbench<WritableSnapshot> =>
    new HostWorkbench<WritableSnapshot>({
      host: { exec, facts, machines, keeper, pipelines, directories, proxies, passwords },
      store,
      artifacts,
      locks,
      ahead,
      runs: place,
      onFailedTree: async (failed) => world.failedTree?.(failed),
    });
  const workbench = makeWorkbench(runsPlace);
  const ports: EnginePorts<StepServices> = {
    runs,
    results,
    locks,
    workbench,
    secrets: new SecretFiles({ environment, cwd, keyFile: join(settings.stateDirectory, 'secret.key') }),
    clock: { now: () => Date.now(), sleep },
    process: {
      pid: process.pid,
      host: hostname(),
      bootId: bootId(),
      user: environment['SUDO_USER'] ?? userName(),
      version,
    },
    randomWord,
  };
  return Object.assign(world, {
    settings,
    exec,
    facts,
    proxies,
    passwords,
    locks,
    machines,
    runs,
    results,
    artifacts,
    keeper,
    registry,
    ports,
    lookScratch: workbench.lookScratch,
    expectMachine: () => {
      const opened = openSnapshots().then((opening) => opening.expectCopies(settings.machinesDirectory));
      // Whoever needs the store is told what is wrong with it.
      opened.catch(() => undefined);
    },
    endRun: (runId: string) => {
      workbench.endRun(runId);
    },
    clearAhead: async (runId: string) => {
      await workbench.clearAhead(runId);
      if (snapshots !== null) await (await snapshots).dropCopies();
    },
    engine: new Engine(ports, registry),
    ephemeral: () => {
      const scratch = scratchFor(settings, isRoot);
      return {
        engine: new Engine({ ...ports, runs: new MemoryRunStore(), workbench: makeWorkbench(scratch) }, registry),
        scratch,
      };
    },
    openSnapshots,
  });
}

function lazyStore(
  open: () => Promise<SnapshotStore>,
): Pick<SnapshotStore, 'prepare' | 'commit' | 'discard' | 'has' | 'verify' | 'view' | 'materialize'> {
  return {
    prepare: async (parent, id, options) => (await open()).prepare(parent, id, options),
    commit: async (writable, key, options) => (await open()).commit(writable, key, options),
    discard: async (writable) => (await open()).discard(writable),
    has: async (key) => (await open()).has(key),
    verify: async (key) => (await open()).verify(key),
    view: async (key) => (await open()).view(key),
    materialize: async (key, directory, options) => (await open()).materialize(key, directory, options),
  };
}

/** Where a trial program may be written: not everybody may write below the state directory. */
function scratchFor(settings: Settings, isRoot: boolean): string {
  return isRoot ? join(settings.stateDirectory, 'scratch') : tmpdir();
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}

/** Not everybody has an entry in passwd, such as in a container. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? '');
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

const letters = 'abcdefghijkmnpqrstuvwxyz23456789';

function randomWord(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join('');
}
