import type { RunTool } from './run-tool.ts';

/** What a tree takes on disk, in bytes; hard links count once. */
export async function measureTree(path: string, run: RunTool): Promise<number> {
  const { stdout } = await run('du', ['-s', '-x', '--block-size=1', '--', path]);
  return Number.parseInt(stdout, 10);
}
