/** Are two machines of the same build equal? All but times, and what is written down here with its reason. */
import { diffTrees, listTree } from '../../support/tree-listing.ts';

/** Found by building twice and looking at what differs. */
const ownOfEachMachine: Readonly<Record<string, string>> = {
  './etc/machine-id': 'every machine has its own',
};

/** Machines of different names: what the name is written into. */
const ownOfEachName: Readonly<Record<string, string>> = {
  './etc/hostname': 'the host name',
  './etc/hosts': 'the host name',
};

/** One line for each difference in paths, types, modes, owners, links, sizes, digests, attributes. Empty when equal. */
export async function compareMachines(
  one: string,
  other: string,
  options: { readonly differentNames?: boolean } = {},
): Promise<readonly string[]> {
  const allowed = { ...ownOfEachMachine, ...(options.differentNames === true ? ownOfEachName : {}) };
  const [left, right] = await Promise.all([listTree(one), listTree(other)]);
  // An empty listing would be equal to another one.
  if (left.size < 1000) throw new TypeError(`${one} has only ${left.size} entries`);
  return diffTrees(left, right, { ignore: (path) => path in allowed, ignoreParts: ['mtime'] });
}
