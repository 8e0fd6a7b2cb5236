import type { RunTool } from './run-tool.ts';

/** What a tree takes on disk, in bytes; hard links count once, and what `others` hold, too, not at all. */
export async function measureTree(path: string, run: RunTool, others: readonly string[] = []): Promise<number> {
  const { stdout } = await run('du', ['-s', '-x', '--block-size=1', '--', ...others, path]);
  return Number.parseInt(stdout.trimEnd().split('\n').at(-1) ?? '', 10);
}
