import type { Context } from '../define-step.ts';

/** Packs a directory into a squashfs file; no file in it is younger than `epoch`, in seconds. Throws MSP_TOOL_FAILED, MSP_DISK_FULL. */
export async function packSquashfs(
  { services }: Pick<Context, 'services'>,
  directory: string,
  file: string,
  epoch: number,
): Promise<void> {
  const args = [directory, file, '-noappend', '-no-progress', '-comp', 'zstd'];
  await services.exec({ file: 'mksquashfs', args, env: { SOURCE_DATE_EPOCH: String(epoch) } });
}
