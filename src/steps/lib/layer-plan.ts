/** What must be done so that GNU tar unpacks a layer of a container image as a container engine does. */
import { posix } from 'node:path';
import { fail } from '../../errors/machinespawn-error.ts';
import type { LookRequest } from '../../host/archive-services.ts';
import type { StepServices } from '../../host/services.ts';
import { TreeLinks } from '../../model/tree-links.ts';

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

/** In this order: emptied, removed, unpacked. */
export interface LayerPlan {
  /** Directories of the layers below of which nothing is left. */
  readonly emptied: readonly string[];
  /** Paths that the layer deletes, or puts something else in the place of. */
  readonly removed: readonly string[];
  /** Options of tar. */
  readonly options: readonly string[];
}

/**
 * `below`: the tree that the layer comes upon; null for the lowest. Throws MSP_OCI_UNUSABLE, and what `archives.look`
 * throws.
 */
export async function planLayer(
  services: StepServices,
  layer: Omit<LookRequest, 'onEntry'>,
  below: string | null,
): Promise<LayerPlan> {
  const { directories, links } = below === null ? nothing() : await mapOf(services, below);
  const emptied: string[] = [];
  const removed: string[] = [];
  const detours = new Map<string, string>();
  await services.archives.look({
    ...layer,
    onEntry: ({ path, type }) => {
      const above = posix.dirname(posix.join('/', path)).slice(1);
      const name = posix.basename(path);
      const way = links.follow(above);
      const place = posix.join(way?.place ?? above, name);
      if (name === opaque) emptied.push(`/${above}`);
      else if (name.startsWith(whiteout)) {
        const hidden = name.slice(whiteout.length);
        // A name cannot be one of these, and what they would delete is not the layer's.
        if (hidden === '' || hidden === '.' || hidden === '..')
          throw fail('MSP_TAR_UNSAFE', { archive: layer.name, entry: path, problem: `it would delete '${hidden}'` });
        removed.push(`/${posix.join(above, hidden)}`);
        links.forget(posix.join(way?.place ?? above, hidden));
        return;
      }
      if (way !== null && way.detour !== null) detours.set(way.detour.from, way.detour.to);
      // GNU tar does not put a file in the place of a directory.
      if (type !== 'directory' && directories.has(place)) removed.push(`/${place}`);
      links.forget(place);
    },
  });
  // The longest first: what comes out of one has no symlink in it any more.
  const sorted = [...detours].toSorted(([a], [b]) => b.length - a.length);
  const options = [`--exclude=${whiteout}*`, ...sorted.map(([from, to]) => detourOption(layer.name, from, to))];
  return { emptied, removed, options };
}

interface TreeMap {
  readonly directories: ReadonlySet<string>;
  readonly links: TreeLinks;
}

const nothing = (): TreeMap => ({ directories: new Set(), links: new TreeLinks([]) });

async function mapOf(services: StepServices, path: string): Promise<TreeMap> {
  const args = [path, '-xdev', '-mindepth', '1', String.raw`(`, '-type', 'd', '-o', '-type', 'l', ')'];
  const printf = ['-printf', String.raw`%y%P\0%l\0`];
  const find = { file: 'find', args: [...args, ...printf], reads: true, sandbox: false, wholeOutput: true };
  const words = (await services.exec(find)).stdout.split('\0');
  const directories = new Set<string>();
  const links: [string, string][] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [found = '', target = ''] = [words[at], words[at + 1]];
    if (found.startsWith('d')) directories.add(found.slice(1));
    else links.push([found.slice(1), target]);
  }
  return { directories, links: new TreeLinks(links) };
}

/** tar does not have the tree as its root: absolute symlinks would lead it elsewhere. Those of names stay as they are. */
function detourOption(archive: string, from: string, to: string): string {
  // The options of tar cannot have spaces in them.
  if (/\s/u.test(from + to))
    throw fail('MSP_OCI_UNUSABLE', { archive, problem: `it writes through the symlink '${from}', which is absolute` });
  const parts = from.split('/').map((part) => part.replaceAll(/[.*[\]^$\\,]/gu, String.raw`\$&`));
  const replacement = to.replaceAll(/[&\\,]/gu, String.raw`\$&`);
  return String.raw`--transform=s,^\(\.//*\)*${parts.join('//*')}//*,${replacement === '' ? '' : `${replacement}/`},S`;
}
