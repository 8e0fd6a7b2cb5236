import { fail } from '../../errors/machinespawn-error.ts';
import type { RootFiles } from '../../host/services.ts';
import type { Archive } from './archive-schema.ts';
import { sha256 } from './sha256.ts';

const lists = '/var/lib/apt/lists';
const mostIndexBytes = 4 * 1024 * 1024;

/** What a tool read must be what was resolved, or the key would name another content. Throws MSP_ARCHIVE_CHANGED. */
export async function checkSameIndex(root: RootFiles, archive: Archive): Promise<void> {
  const names = await root.list(lists);
  const ofSuite = (file: string) => names.find((name) => name.endsWith(`_dists_${archive.codename}_${file}`));
  const name = ofSuite('InRelease') ?? ofSuite('Release');
  const index = name === undefined ? null : await root.readStart(`${lists}/${name}`, mostIndexBytes);
  if (index === null || sha256(index) !== archive.inReleaseDigest) {
    throw fail('MSP_ARCHIVE_CHANGED', { suite: archive.codename, mirror: archive.mirror });
  }
}
