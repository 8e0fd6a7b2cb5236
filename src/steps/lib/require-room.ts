/** Is there room for an image that is pulled? */
import { fail } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import type { ArchiveForm } from '../../model/archive-form.ts';
import type { FoundImage } from './pulled-image.ts';

interface Places {
  readonly directories: Pick<StepServices['directories'], 'cache'>;
  readonly machines: Pick<StepServices['machines'], 'directory'>;
  readonly files: Pick<StepServices['files'], 'info' | 'freeBytes'>;
}

/**
 * In the cache are what is fetched and the tree of a tar; what comes out of a compressed one is larger than it is.
 * Nothing is known of standard input. Throws MSP_SPACE_LOW.
 */
export async function requireRoom(
  services: Places,
  image: Pick<FoundImage, 'kind' | 'place' | 'sizeBytes'>,
  form: ArchiveForm | null,
): Promise<void> {
  if (image.sizeBytes === null || form === null) return;
  const isLocal = image.kind === 'file';
  // The holes of a file on this host stay holes.
  const used = isLocal ? ((await services.files.info(image.place))?.usedBytes ?? 0) : image.sizeBytes;
  const sizeBytes = Math.min(used, image.sizeBytes);
  const isTree = form.content !== 'raw' && form.content !== 'qcow2';
  const needs = [
    { path: services.directories.cache, times: (isLocal ? 0 : 1) + (isTree ? 1 : 0) },
    { path: services.machines.directory, times: form.compression === 'none' ? 1 : 2 },
  ];
  for (const { path, times } of needs) {
    const [freeBytes, neededBytes] = [await services.files.freeBytes(path), times * sizeBytes];
    if (freeBytes < neededBytes) throw fail('MSP_SPACE_LOW', { path, freeBytes, neededBytes });
  }
}
