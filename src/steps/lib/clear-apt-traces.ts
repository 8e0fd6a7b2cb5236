/** What apt and dpkg leave that is no part of a system: lists, logs with the time of the day, caches. */
import type { RootFiles } from '../../host/services.ts';

const files = [
  '/var/log/bootstrap.log',
  '/var/log/dpkg.log',
  '/var/log/alternatives.log',
  '/var/cache/apt/pkgcache.bin',
  '/var/cache/apt/srcpkgcache.bin',
  '/var/cache/ldconfig/aux-cache',
];
/** Their content goes, less `partial`, which apt wants to find. */
const directories = ['/var/lib/apt/lists', '/var/cache/apt/archives', '/var/log/apt'];

export async function clearAptTraces(root: RootFiles): Promise<void> {
  for (const path of files) await root.remove(path);
  for (const directory of directories) {
    for (const name of await root.list(directory)) {
      if (name !== 'partial') await root.remove(`${directory}/${name}`);
    }
    for (const name of await root.list(`${directory}/partial`)) await root.remove(`${directory}/partial/${name}`);
  }
}
