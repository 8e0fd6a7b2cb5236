/** The composition root: the only reader of the environment. Making an App costs nothing; its parts load when they are used. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { App, Settings } from './app-types.ts';
import { fail } from './errors/machinespawn-error.ts';
import { learnReleases } from './app-release-news.ts';
import { packageRoot } from './package-root.ts';

const usualTools = ['debootstrap', 'systemd-nspawn', 'gpgv'];

export interface AppOptions {
  /** Directories, if they are not the usual ones. */
  readonly settings?: Partial<Settings>;
  /** Does a user who is not root keep runs and results in places of his own? @default false */
  readonly ownPlaces?: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Node's own: its path, the script, the arguments. */
  readonly argv: readonly string[];
  /** What the person says about plugins. */
  readonly plugins?: PluginOptions;
  /** May sudo ask for a password? @default false */
  readonly isInteractive?: boolean;
}

export interface PluginOptions {
  /** Paths and packages, looked for from the working directory. */
  readonly given?: readonly string[];
  /** Run the code of any plugin that is asked for. */
  readonly trustAll?: boolean;
  /** Asks the person; null when nobody can be asked. */
  readonly ask?: ((question: string) => Promise<boolean>) | null;
}

/** The application behind the command line; also the library's entry. */
export function createApp(options: AppOptions): App {
  const { environment, cwd } = options;
  const settings = readSettings(options);
  learnReleases();
  const version = (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
  const kill = new AbortController();

  const world = lazy(async () =>
    (await import('./app-world.ts')).openWorld(settings, { environment, cwd }, version, kill.signal),
  );
  const plugins = lazy(
    async () => new (await import('./app-plugins.ts')).AppPlugins(await world(), cwd, options.plugins ?? {}),
  );
  const pipelines = lazy(
    async () =>
      new (await import('./app-pipelines.ts')).AppPipelines(
        await world(),
        cwd,
        await plugins(),
        ownPipelines(environment),
      ),
  );
  const runs = lazy(async () => {
    const { AppRuns } = await import('./app-runs.ts');
    return new AppRuns(await world(), await pipelines(), kill, callerOf(environment));
  });
  const doctor = lazy(async () => new (await import('./app-doctor.ts')).AppDoctor(await world(), await pipelines()));

  return {
    settings,
    version,
    versions: async () => (await import('./app-versions.ts')).toolVersions(),
    run: async (request, onEvent) => (await runs()).run(request, onEvent),
    resume: async (id, resumeOptions, onEvent) => (await runs()).resume(id, resumeOptions, onEvent),
    plan: async (request) => {
      const { plan, ...report } = await (await pipelines()).forecast(request);
      const anew = (request.refresh?.length ?? 0) + (request.from?.length ?? 0) > 0;
      const startsAnew = request.fresh === true || request.noCache === true || anew;
      const mayLook = !startsAnew && request.ephemeral !== true;
      return {
        ...report,
        resumes: mayLook ? await (await world()).engine.findUnfinished(plan).catch(() => null) : null,
      };
    },
    readInputs: async (file) => (await import('./app-inputs.ts')).readInputsOf(resolve(cwd, file)),
    shell: async (run, step) => (await import('./app-shell.ts')).shellIn(await world(), await runs(), run, step),
    initPipeline: async (template, file) =>
      (await import('./app-init.ts')).initPipeline(await world(), await pipelines(), template, resolve(cwd, file)),
    listRuns: async () => (await runs()).list(),
    showRun: async (id) => (await runs()).show(id),
    detach: async (argv) => {
      const command = [process.execPath, ...process.execArgv, resolve(options.argv[1] ?? ''), ...argv];
      return (await import('./app-detach.ts')).detach(command, settings.stateDirectory, environment);
    },
    cancelRun: async (id) => (await import('./app-detach.ts')).cancelRun(await runs(), id),
    saveReport: async (path, text) => (await import('./app-report.ts')).saveReport(path, text, callerOf(environment)),
    removeRuns: async (ids) => (await runs()).remove(ids),
    listMachines: async ({ size }) => (await import('./app-list.ts')).listMachinesOf(settings, size),
    images: async () => (await import('./app-images.ts')).listImages(settings, environment),
    doctor: async (target) => (await doctor()).checks(target),
    cacheEntries: async () => (await world()).keeper.items(),
    explain: async (request, step) => {
      const { plan: _plan, ...report } = await (await pipelines()).forecast(request);
      return { ...report, steps: report.steps.filter((one) => step === null || one.id === step), resumes: null };
    },
    listPipelines: async () => (await pipelines()).list(),
    showPipeline: async (name) => (await pipelines()).show(name),
    validatePipeline: async (file, text) => (await pipelines()).validate(file, text),
    graphPipeline: async (name, format, run) =>
      (await import('./app-graph.ts')).graphOf(await pipelines(), await runs(), name, format, run),
    pipelineSchema: async () => {
      await (await plugins()).loadGiven();
      return (await import('./app-step-types.ts')).schemaOf(await world());
    },
    stepTypes: async () => {
      await (await plugins()).loadGiven();
      return (await import('./app-step-types.ts')).stepTypesOf(await world());
    },
    plugins: async () => (await import('./app-plugin-list.ts')).listPlugins(await world(), await plugins(), cwd),
    plugin: async (name) =>
      (await import('./app-plugin-list.ts')).findPlugin(await world(), await plugins(), cwd, name),
    checkPlugins: async (path) => (await import('./app-plugin-check.ts')).checkPlugins(resolve(cwd, path), environment),
    newPlugin: async (name, directory) =>
      (await import('./app-plugin-new.ts')).newPlugin(name, resolve(cwd, directory)),
    hasUsualTools: () =>
      usualTools.every((tool) => ['/usr/sbin', '/usr/bin'].some((place) => existsSync(join(place, tool)))),
    missingTools: async (request) => (await doctor()).missing(request),
    installTools: async (commands) => {
      const { exec } = await world();
      const context = { signal: kill.signal };
      for (const [file = '', ...args] of commands) {
        const { exitCode } = await exec.onTerminal(
          { file, args, env: aptEnvironment(environment), sandbox: false },
          context,
        );
        if (exitCode !== 0)
          throw fail('MSP_TOOL_FAILED', { tool: file, exitCode, tail: '', command: [file, ...args].join(' ') });
      }
    },
    elevate: async (argv) => {
      if (process.geteuid?.() === 0) return;
      const { elevate } = await import('./host/elevate.ts');
      // sudo drops the environment: what came from it goes on as options.
      const kept = settingsAsOptions(givenSettings(options), argv);
      elevate({
        argv: [...options.argv.slice(0, 1), resolve(options.argv[1] ?? ''), ...kept, ...argv],
        environment,
        mayAsk: options.isInteractive === true,
        isAllowed: environment['MACHINESPAWN_SUDO'] !== 'never',
        onElevate: () => process.stderr.write('(needs root: sudo)\n'),
      });
    },
    isolate: async (argv) => {
      const { enterPrivateNamespace } = await import('./host/namespace.ts');
      enterPrivateNamespace([...options.argv.slice(0, 2), ...argv], environment);
    },
  };
}

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

function readSettings(options: AppOptions): Settings {
  return { ...usualSettings(options), ...givenSettings(options) };
}

function usualSettings({ environment, ownPlaces = false }: AppOptions): Settings {
  const isOwn = ownPlaces && process.geteuid?.() !== 0;
  const own = (variable: string, usual: string): string =>
    join(environment[variable] || join(homedir(), usual), 'machinespawn');
  return {
    machinesDirectory: '/var/lib/machines',
    cacheDirectory: isOwn ? own('XDG_CACHE_HOME', '.cache') : '/var/cache/machinespawn',
    stateDirectory: isOwn ? own('XDG_STATE_HOME', '.local/state') : '/var/lib/machinespawn',
    snapshotDriver: 'auto',
  };
}

/** What options and environment say. */
function givenSettings({ settings = {}, environment, cwd }: AppOptions): Partial<Settings> {
  const place = (given: string | undefined, variable: string): string | undefined => {
    const path = given ?? environment[`MACHINESPAWN_${variable}`];
    return path === undefined || path === '' ? undefined : resolve(cwd, path);
  };
  const driver = settings.snapshotDriver ?? environment['MACHINESPAWN_SNAPSHOT_DRIVER'];
  const all = {
    machinesDirectory: place(settings.machinesDirectory, 'MACHINES_DIR'),
    cacheDirectory: place(settings.cacheDirectory, 'CACHE_DIR'),
    stateDirectory: place(settings.stateDirectory, 'STATE_DIR'),
    snapshotDriver: driver,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Root does not look there for another user: what lies there was not meant for root. */
function ownPipelines(environment: AppOptions['environment']): string | null {
  if (environment['SUDO_UID'] !== undefined) return null;
  return join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'machinespawn/pipelines');
}

/** Who called sudo: what is made for a person is theirs. */
function callerOf(environment: AppOptions['environment']): { readonly uid: number; readonly gid: number } | null {
  const [uid, gid] = [Number(environment['SUDO_UID']), Number(environment['SUDO_GID'])];
  return process.geteuid?.() === 0 && uid > 0 && Number.isInteger(gid) ? { uid, gid } : null;
}

/** Those that the command line does not give itself. Usual places are not among them: root has others. */
function settingsAsOptions(settings: Partial<Settings>, argv: readonly string[]): readonly string[] {
  const all = {
    '--machines-dir': settings.machinesDirectory,
    '--cache-dir': settings.cacheDirectory,
    '--state-dir': settings.stateDirectory,
    '--snapshot-driver': settings.snapshotDriver,
  };
  const isGiven = (option: string): boolean => argv.some((word) => word === option || word.startsWith(`${option}=`));
  return Object.entries(all).flatMap(([option, value]) =>
    value === undefined || isGiven(option) ? [] : [option, value],
  );
}

/** apt may need the caller's way through the network. */
function aptEnvironment(environment: AppOptions['environment']): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
  const kept = names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const]));
  return { ...Object.fromEntries(kept), DEBIAN_FRONTEND: 'noninteractive' };
}
