import type { App, MachineSummary, PipelineSummary, RunDetail, RunOutcome } from '../../../src/app-types.ts';
import type { PluginSummary } from '../../../src/app-plugin-types.ts';
import type { RunEvent } from '../../../src/engine/events.ts';
import { fail } from '../../../src/errors/machinespawn-error.ts';

/** What was asked of the pretended application, in order. */
export type Asked = readonly [name: string, ...rest: readonly unknown[]];

export interface FakeApp extends App {
  readonly asked: Asked[];
}

export const bread: MachineSummary = {
  name: 'bread',
  state: 'stopped',
  type: 'directory',
  os: { id: 'debian', versionId: '12', codename: 'bookworm', prettyName: 'Debian 12' },
  arch: 'amd64',
  readOnly: false,
  enabled: false,
  path: '/var/lib/machines/bread',
  sizeBytes: 303_038_464,
  limitBytes: null,
  createdAt: '2026-11-22T18:51:15Z',
  modifiedAt: null,
  machineId: null,
  addresses: [],
  leaderPid: null,
  settingsFile: '/etc/systemd/nspawn/bread.nspawn',
  origin: { kind: 'bootstrap', image: 'debian-12', runId: '20261122-184902-k3f9', verification: 'archive-signature' },
};

export const succeeded: RunOutcome = {
  runId: '20261122-184902-k3f9',
  status: 'succeeded',
  outputs: {
    name: 'bread',
    path: '/var/lib/machines/bread',
    image: 'debian-12',
    arch: 'amd64',
    sizeBytes: 303_038_464,
  },
  error: null,
  exitCode: 0,
  steps: { total: 3, done: 3, cached: 0 },
  resumable: false,
  files: [],
};

const helloPipeline: PipelineSummary = {
  name: 'bootstrap',
  title: 'Build a machine',
  file: '/pipelines/bootstrap.yaml',
  origin: 'builtin',
  inputs: [{ name: 'image', type: 'image-spec', default: null, required: true, summary: 'The image' }],
  steps: 1,
  matrixSize: 1,
  needsRoot: true,
};

export const lastRun: RunDetail = {
  id: '20261122-184902-k3f9',
  pipeline: 'bootstrap',
  machine: 'bread',
  status: 'interrupted',
  resumable: true,
  startedAt: '2026-11-22T18:49:02Z',
  endedAt: '2026-11-22T18:49:51Z',
  durationMs: 49_012,
  steps: { total: 7, done: 3, cached: 1, skipped: 0, failed: 0 },
  currentStep: 'second-stage',
  exitCode: 130,
  inputs: { image: 'debian-12', name: 'bread' },
  user: 'alice',
  version: '0.1.0',
  source: 'bootstrap',
  directory: '/var/lib/machinespawn/runs/20261122-184902-k3f9',
  error: null,
  stepDetails: [
    {
      id: 'first-stage',
      uses: 'bootstrap-first-stage',
      status: 'succeeded',
      attempts: 1,
      startedAt: null,
      durationMs: 38_000,
      key: 'ab'.repeat(32),
      outputs: null,
      error: null,
      logs: [],
    },
  ],
};

/** An application that does nothing and remembers what was asked of it. */
const paint: PluginSummary = {
  name: 'paint',
  summary: 'Greet people',
  version: null,
  origin: 'file',
  file: '/w/paint.ts',
  trusted: false,
  steps: [{ id: 'paint/greet', summary: 'Write a greeting', version: 1 }],
  pipelines: ['paint'],
};

export function fakeApp(changes: Partial<App> = {}, events: readonly RunEvent[] = []): FakeApp {
  const asked: Asked[] = [];
  const note =
    <Args extends readonly unknown[], R>(name: string, answer: (...args: Args) => R) =>
    async (...args: Args): Promise<R> => {
      asked.push([name, ...args.filter((arg) => typeof arg !== 'function')]);
      return answer(...args);
    };
  const start = (onEvent: (event: RunEvent) => void) => {
    for (const event of events) onEvent(event);
    return { runId: succeeded.runId, done: Promise.resolve(succeeded), cancel: () => undefined };
  };
  const plan = { pipeline: 'bootstrap', summary: 'Build a machine', inputs: {}, resumes: null, steps: [] };
  return {
    asked,
    settings: { machinesDirectory: '/m', cacheDirectory: '/c', stateDirectory: '/s', snapshotDriver: 'auto' },
    version: '0.1.0',
    versions: note('versions', () => ({ node: '24.0.0', systemd: '252', debootstrap: null, kernel: '6.1' })),
    hasUsualTools: () => false,
    run: note('run', (_request, onEvent) => start(onEvent)),
    resume: note('resume', (_id, _options, onEvent) => start(onEvent)),
    plan: note('plan', () => plan),
    readInputs: note('readInputs', () => ({ suite: 'trixie', name: 'from-file' })),
    shell: note('shell', () => 7),
    initPipeline: note('initPipeline', () => ['/w/live.yaml', '/w/pipeline.schema.json']),
    listRuns: note('listRuns', () => [lastRun]),
    showRun: note('showRun', (id: string) => {
      if (['@last', 'k3f9', lastRun.id, 'bread'].includes(id)) return lastRun;
      throw fail('MSP_RUN_NOT_FOUND', { run: id });
    }),
    detach: note('detach', () => ({ runId: '20261122-184902-k3f9', pid: 4711 })),
    cancelRun: note('cancelRun', (id: string) => id),
    saveReport: note('saveReport', (path: string) => path),
    removeRuns: note('removeRuns', (ids: readonly string[]) => ids),
    listMachines: note('listMachines', () => [bread]),
    images: note('images', () => []),
    doctor: note('doctor', () => [
      { id: 'root', title: 'root', status: 'ok' as const, detail: 'sudo available', fix: null },
    ]),
    cacheEntries: note('cacheEntries', () => []),
    explain: note('explain', () => ({
      ...plan,
      steps: [
        {
          id: 'first-stage',
          uses: 'bootstrap-first-stage',
          summary: 'Unpack',
          needs: [],
          cache: 'miss' as const,
          why: 'arch is arm64, was amd64',
          outcome: null,
          error: null,
          input: null,
        },
      ],
    })),
    listPipelines: note('listPipelines', () => [{ ...helloPipeline, problem: null }]),
    showPipeline: note('showPipeline', () => ({
      summary: helloPipeline,
      text: 'format: 1\n',
      plan: null,
      steps: [{ id: 'first-stage', uses: 'bootstrap-first-stage', needs: [], root: true, tools: ['debootstrap'] }],
    })),
    validatePipeline: note('validatePipeline', () => []),
    graphPipeline: note('graphPipeline', () => 'a -> b\n'),
    pipelineSchema: note('pipelineSchema', () => ({ type: 'object' })),
    stepTypes: note('stepTypes', () => [
      {
        id: 'echo',
        summary: 'Print and return a text',
        input: { properties: { text: { type: 'string', description: 'The text' } }, required: ['text'] },
        output: { properties: {} },
        needsRoot: false,
        tools: [],
        reuse: 'always',
      },
    ]),
    plugins: note('plugins', () => [paint]),
    plugin: note('plugin', () => paint),
    checkPlugins: note('checkPlugins', () => [
      {
        plugin: 'paint',
        file: '/w/paint.ts',
        checks: [{ name: 'the plugin loads', problem: null }],
        untested: ['greet'],
      },
    ]),
    newPlugin: note('newPlugin', () => ['/w/plugins/paint/paint.ts']),
    missingTools: note('missingTools', () => ({ packages: [], commands: [] })),
    installTools: note('installTools', () => undefined),
    elevate: note('elevate', () => undefined),
    isolate: note('isolate', () => undefined),
    ...changes,
  };
}
