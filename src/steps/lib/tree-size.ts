import type { Context } from '../define-step.ts';

/** Bytes that a tree takes on disk, on its own file system. Throws MSP_TOOL_FAILED. */
export async function treeSize({ services }: Pick<Context, 'services'>, path: string): Promise<number> {
  const { stdout } = await services.exec({
    file: 'du',
    args: ['-sx', '--block-size=1', '--', path],
    reads: true,
    sandbox: false,
  });
  return Number.parseInt(stdout, 10);
}
