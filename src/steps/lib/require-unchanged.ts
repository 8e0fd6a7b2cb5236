/** A user's own file may be written to between its verification and its use. */
import { fail } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import type { PulledImage } from './pulled-image.ts';

/** To be asked when the image has been read. Throws MSP_PULL_CHANGED. */
export async function requireUnchanged({ files }: Pick<StepServices, 'files'>, image: PulledImage): Promise<void> {
  const { path, mtimeMs, sizeBytes } = image;
  if (mtimeMs === null) return;
  const info = await files.info(path);
  if (info?.mtimeMs !== mtimeMs || info.sizeBytes !== sizeBytes) throw fail('MSP_PULL_CHANGED', { path });
}
