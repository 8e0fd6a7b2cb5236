/** Are two machines of the same build equal? All but times, and what is written down here with its reason. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diffTrees, listTree, type TreeListing } from '../../support/tree-listing.ts';

/** Found by building twice and looking at what differs. */
const ownOfEachMachine: Readonly<Record<string, string>> = {
  './etc/machine-id': 'every machine has its own',
};

/** Machines of different names: what the name is written into. */
const ownOfEachName: Readonly<Record<string, string>> = {
  './etc/hostname': 'the host name',
  './etc/hosts': 'the host name',
};

/** The fast way against debootstrap: all that may differ, each with its reason. */
const ownOfEachWay: Readonly<Record<string, string>> = {
  './var/lib/dpkg/available':
    "the archive's words on each package: debootstrap leaves them there for dselect; apt does without",
  './var/lib/dpkg/status-old': 'a copy of the status file from before the last run of dpkg, of which there are fewer',
};

/** Machines in which packages were installed and purged: what has the time of day in it. */
const ownOfEachUse: Readonly<Record<string, string>> = {
  './var/cache/apt/pkgcache.bin': 'numbers of one run of apt',
  './var/cache/apt/srcpkgcache.bin': 'numbers of one run of apt',
  './var/lib/dpkg/status': 'compared apart: one of the ways knows of the overrides of the archive',
  './var/log/alternatives.log': 'times',
  './var/log/apt/eipp.log.xz': 'times',
  './var/log/apt/history.log': 'times',
  './var/log/apt/term.log': 'times',
  './var/log/dpkg.log': 'times',
  './var/cache/ldconfig/aux-cache': 'numbers and times of inodes',
};

/** Files with the day of each account's last change of password in them, shadow(5): builds before and after midnight. */
const dated: readonly string[] = ['./etc/shadow', './etc/shadow-'];

export interface CompareOptions {
  readonly differentNames?: boolean;
  readonly differentWays?: boolean;
  /** Were packages installed and purged in both? */
  readonly used?: boolean;
}

/** One line for each difference in paths, types, modes, owners, links, sizes, digests, attributes. Empty when equal. */
export async function compareMachines(
  one: string,
  other: string,
  options: CompareOptions = {},
): Promise<readonly string[]> {
  const allowed = {
    ...ownOfEachMachine,
    ...(options.differentNames === true ? ownOfEachName : {}),
    ...(options.differentWays === true ? ownOfEachWay : {}),
    ...(options.used === true ? ownOfEachUse : {}),
  };
  const [left, right] = await Promise.all([listMachine(one), listMachine(other)]);
  // An empty listing would be equal to another one.
  if (left.size < 1000) throw new TypeError(`${one} has only ${left.size} entries`);
  return diffTrees(left, right, { ignore: (path) => path in allowed, ignoreParts: ['mtime'] });
}

async function listMachine(directory: string): Promise<TreeListing> {
  const listing = new Map(await listTree(directory));
  for (const path of dated) {
    const entry = listing.get(path);
    if (entry?.type !== 'f') continue;
    const undated = readFileSync(join(directory, path), 'utf8').replaceAll(/^([^:]*:[^:]*):\d+:/gmu, '$1:DAY:');
    listing.set(path, { ...entry, sha256: createHash('sha256').update(undated).digest('hex') });
  }
  return listing;
}
