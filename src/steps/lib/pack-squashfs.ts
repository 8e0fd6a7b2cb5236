import type { Context } from '../define-step.ts';

/** How squashfs files can be compressed. */
export const squashfsCompressions = ['zstd', 'xz', 'gzip', 'lz4', 'lzo'] as const;

export interface SquashfsWishes {
  readonly directory: string;
  readonly file: string;
  /** No file in it is younger than this, in seconds. */
  readonly epoch: number;
  /** @default zstd */
  readonly compression?: (typeof squashfsCompressions)[number];
  /** Paths without a slash in front; * and ? stand for anything. @default none */
  readonly exclude?: readonly string[];
}

/** Packs a directory into a squashfs file. Throws MSP_TOOL_FAILED, MSP_DISK_FULL. */
export async function packSquashfs(
  { services }: Pick<Context, 'services'>,
  { directory, file, epoch, compression = 'zstd', exclude = [] }: SquashfsWishes,
): Promise<void> {
  const args = [directory, file, '-noappend', '-no-progress', '-comp', compression];
  if (exclude.length > 0) args.push('-wildcards', '-e', ...exclude);
  await services.exec({ file: 'mksquashfs', args, env: { SOURCE_DATE_EPOCH: String(epoch) } });
}
