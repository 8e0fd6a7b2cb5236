/** Every command by its name: the line of the overview, and the declaration, read only when it is needed. */
import type { AnyCommand, Group } from './command.ts';

export interface TableRow {
  readonly group: Group;
  /** The declaration's own, so that the overview reads no declaration. A test holds them together. */
  readonly summary: string;
  readonly aliases?: readonly string[];
  readonly load: () => Promise<AnyCommand>;
}

export const commandTable: Readonly<Record<string, TableRow>> = {
  bootstrap: {
    group: 'Build',
    summary: 'Build a machine from scratch',
    load: async () => (await import('./commands/bootstrap.ts')).bootstrap,
  },
  images: {
    group: 'Build',
    summary: 'Show what can be bootstrapped (releases x architectures)',
    load: async () => (await import('./commands/images.ts')).images,
  },
  'pull-raw': {
    group: 'Build',
    summary: 'Download and verify a raw disk image',
    load: async () => (await import('./commands/pull-raw.ts')).pullRaw,
  },
  'pull-tar': {
    group: 'Build',
    summary: 'Download, verify and unpack a tar image',
    load: async () => (await import('./commands/pull-tar.ts')).pullTar,
  },
  resume: {
    group: 'Build',
    summary: 'Go on with an interrupted run (the last one, or RUN)',
    load: async () => (await import('./commands/resume.ts')).resume,
  },
  run: {
    group: 'Run',
    summary: 'Run a command or a shell in a machine (not booted)',
    load: async () => (await import('./commands/run.ts')).run,
  },
  list: {
    group: 'Manage',
    summary: 'List machines',
    aliases: ['ls', 'list-images'],
    load: async () => (await import('./commands/list.ts')).list,
  },
  show: {
    group: 'Manage',
    summary: 'Show one machine',
    load: async () => (await import('./commands/show.ts')).show,
  },
  remove: {
    group: 'Manage',
    summary: 'Remove machines',
    aliases: ['rm'],
    load: async () => (await import('./commands/remove.ts')).remove,
  },
  'clean-cache': {
    group: 'Manage',
    summary: 'Free space in /var/cache/machinespawn',
    load: async () => (await import('./commands/clean-cache.ts')).cleanCache,
  },
  'cache ls': {
    group: 'Manage',
    summary: 'List what is cached',
    load: async () => (await import('./commands/cache-ls.ts')).cacheLs,
  },
  'cache explain': {
    group: 'Manage',
    summary: 'Say why a stored result would be reused, or not',
    load: async () => (await import('./commands/cache-explain.ts')).cacheExplain,
  },
  'pipeline run': {
    group: 'Pipelines',
    summary: 'Run a pipeline',
    load: async () => (await import('./commands/pipeline-run.ts')).pipelineRun,
  },
  'pipeline init': {
    group: 'Pipelines',
    summary: 'Write a pipeline file to begin with',
    load: async () => (await import('./commands/pipeline-init.ts')).pipelineInit,
  },
  'pipeline resume': {
    group: 'Pipelines',
    summary: 'Same as resume: go on with an interrupted run',
    load: async () => (await import('./commands/pipeline-resume.ts')).pipelineResume,
  },
  'pipeline list': {
    group: 'Pipelines',
    summary: 'List pipelines',
    load: async () => (await import('./commands/pipeline-list.ts')).pipelineList,
  },
  'pipeline show': {
    group: 'Pipelines',
    summary: 'Show inputs and steps of a pipeline, and what they need',
    load: async () => (await import('./commands/pipeline-show.ts')).pipelineShow,
  },
  'pipeline steps': {
    group: 'Pipelines',
    summary: 'List step types, or the options of one',
    load: async () => (await import('./commands/pipeline-steps.ts')).pipelineSteps,
  },
  'pipeline validate': {
    group: 'Pipelines',
    summary: 'Check pipeline files: all faults at once, with line and column',
    load: async () => (await import('./commands/pipeline-validate.ts')).pipelineValidate,
  },
  'pipeline graph': {
    group: 'Pipelines',
    summary: 'Draw a pipeline',
    load: async () => (await import('./commands/pipeline-graph.ts')).pipelineGraph,
  },
  'pipeline schema': {
    group: 'Pipelines',
    summary: 'Print the JSON schema of pipeline files, for editors',
    load: async () => (await import('./commands/pipeline-schema.ts')).pipelineSchema,
  },
  'runs ls': {
    group: 'Pipelines',
    summary: 'List runs, the newest first',
    load: async () => (await import('./commands/runs-ls.ts')).runsLs,
  },
  'runs show': {
    group: 'Pipelines',
    summary: 'Show one run and its steps',
    load: async () => (await import('./commands/runs-show.ts')).runsShow,
  },
  'runs logs': {
    group: 'Pipelines',
    summary: 'Print the logs of a run',
    load: async () => (await import('./commands/runs-logs.ts')).runsLogs,
  },
  'runs resume': {
    group: 'Pipelines',
    summary: 'Same as resume: go on with an interrupted run',
    load: async () => (await import('./commands/runs-resume.ts')).runsResume,
  },
  'runs cancel': {
    group: 'Pipelines',
    summary: 'Stop a run that goes on somewhere else; it can be resumed',
    load: async () => (await import('./commands/runs-cancel.ts')).runsCancel,
  },
  'runs report': {
    group: 'Pipelines',
    summary: 'Write a report of a run as one HTML page',
    load: async () => (await import('./commands/runs-report.ts')).runsReport,
  },
  'runs shell': {
    group: 'Pipelines',
    summary: 'Open a shell in the tree that a step made',
    load: async () => (await import('./commands/runs-shell.ts')).runsShell,
  },
  'runs rm': {
    group: 'Pipelines',
    summary: 'Remove runs from the history',
    load: async () => (await import('./commands/runs-rm.ts')).runsRm,
  },
  'plugins ls': {
    group: 'Pipelines',
    summary: 'List plugins, the built-in ones and those of this project',
    load: async () => (await import('./commands/plugins-ls.ts')).pluginsLs,
  },
  'plugins show': {
    group: 'Pipelines',
    summary: 'Show one plugin: its steps, its pipelines and where it is',
    load: async () => (await import('./commands/plugins-show.ts')).pluginsShow,
  },
  'plugins check': {
    group: 'Pipelines',
    summary: 'Try whether the steps of a plugin keep the contract',
    load: async () => (await import('./commands/plugins-check.ts')).pluginsCheck,
  },
  'plugins new': {
    group: 'Pipelines',
    summary: 'Write a plugin to begin with',
    load: async () => (await import('./commands/plugins-new.ts')).pluginsNew,
  },
  doctor: {
    group: 'Helpers',
    summary: 'Check this host and say how to fix it',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  help: {
    group: 'Helpers',
    summary: 'Help for a command or a topic',
    load: async () => (await import('./commands/help.ts')).help,
  },
};

/** Other names. A test holds them against the declarations. */
export const commandAliases: Readonly<Record<string, string>> = {
  ls: 'list',
  'list-images': 'list',
  rm: 'remove',
  'clean-bootstrap': 'clean-cache',
};

/** First words of commands of two words. */
export const families: readonly string[] = [
  ...new Set(
    Object.keys(commandTable).flatMap((name) => (name.includes(' ') ? [name.slice(0, name.indexOf(' '))] : [])),
  ),
];

export function membersOf(family: string): readonly string[] {
  return Object.keys(commandTable)
    .filter((name) => name.startsWith(`${family} `))
    .map((name) => name.slice(family.length + 1));
}
