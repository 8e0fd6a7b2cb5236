/** Every command by its name; each is read only when it is needed. */
import type { AnyCommand } from './command.ts';

export const commandTable: Readonly<Record<string, () => Promise<AnyCommand>>> = {
  bootstrap: async () => (await import('./commands/bootstrap.ts')).bootstrap,
  images: async () => (await import('./commands/images.ts')).images,
  resume: async () => (await import('./commands/resume.ts')).resume,
  run: async () => (await import('./commands/run.ts')).run,
  list: async () => (await import('./commands/list.ts')).list,
  remove: async () => (await import('./commands/remove.ts')).remove,
  'clean-cache': async () => (await import('./commands/clean-cache.ts')).cleanCache,
  'cache ls': async () => (await import('./commands/cache-ls.ts')).cacheLs,
  'cache explain': async () => (await import('./commands/cache-explain.ts')).cacheExplain,
  'pipeline run': async () => (await import('./commands/pipeline-run.ts')).pipelineRun,
  'pipeline list': async () => (await import('./commands/pipeline-list.ts')).pipelineList,
  'pipeline show': async () => (await import('./commands/pipeline-show.ts')).pipelineShow,
  'pipeline steps': async () => (await import('./commands/pipeline-steps.ts')).pipelineSteps,
  'pipeline validate': async () => (await import('./commands/pipeline-validate.ts')).pipelineValidate,
  'pipeline graph': async () => (await import('./commands/pipeline-graph.ts')).pipelineGraph,
  'pipeline schema': async () => (await import('./commands/pipeline-schema.ts')).pipelineSchema,
  'runs ls': async () => (await import('./commands/runs-ls.ts')).runsLs,
  'runs show': async () => (await import('./commands/runs-show.ts')).runsShow,
  'runs logs': async () => (await import('./commands/runs-logs.ts')).runsLogs,
  'runs rm': async () => (await import('./commands/runs-rm.ts')).runsRm,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  help: async () => (await import('./commands/help.ts')).help,
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
