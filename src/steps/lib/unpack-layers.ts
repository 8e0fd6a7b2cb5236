/** Unpacks the layers of a saved container image one upon the other; what a layer deletes is marked by a name. */
import { posix } from 'node:path';
import { fail } from '../../errors/machinespawn-error.ts';
import type { RootFiles, StepServices } from '../../host/services.ts';
import type { TarLimits } from '../../model/tar-safety.ts';
import { savedPlace, type SavedImage } from './oci-layout.ts';

const startBytes = 1024 * 1024;
const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

export interface LayersToUnpack {
  readonly name: string;
  readonly saved: SavedImage;
  readonly tree: { readonly path: string; readonly root: RootFiles };
  readonly limits: TarLimits;
}

/** Gives the number of entries. Throws MSP_OCI_UNUSABLE, and what `archives.unpack` throws. */
export async function unpackLayers(services: StepServices, unpacking: LayersToUnpack): Promise<number> {
  const { name, saved, tree, limits } = unpacking;
  let entries = 0;
  for (const [index, layer] of saved.layers.entries()) {
    const path = await placeOf(tree.root, layer);
    if (path === null) throw fail('MSP_OCI_UNUSABLE', { archive: name, problem: `layer ${index + 1} is not in it` });
    const archive = `${tree.path}${path}`;
    // Under the name that the manifest gives it, wherever a symlink leads from there.
    const digest = digestIn(layer) ?? digestIn(path);
    if (digest !== null && (await services.files.digest(archive)).sha256 !== digest)
      throw fail('MSP_TAR_DAMAGED', { archive: name, problem: `layer ${index + 1} has another digest than its name` });
    const start = (await tree.root.readStart(path, startBytes)) ?? Buffer.alloc(0);
    const { compression } = await services.archives.recognize(start);
    const common = { archive, name: `${name}, layer ${index + 1}`, compression, limits };
    const hidden: string[] = [];
    // GNU tar does not put a file in the place of a directory.
    const below = index === 0 ? new Set<string>() : await directoriesIn(services, tree.path);
    const replaced: string[] = [];
    await services.archives.look({
      ...common,
      onEntry: ({ path: entryPath, type }) => {
        const place = posix.normalize(`/${entryPath}`);
        if (posix.basename(place).startsWith(whiteout)) hidden.push(place);
        else if (type !== 'directory' && below.has(place.slice(1))) replaced.push(place);
      },
    });
    for (const mark of hidden) await applyWhiteout(tree.root, mark);
    for (const place of replaced) await tree.root.remove(place);
    const options = [`--exclude=${whiteout}*`, '--anchored', `--exclude=.${savedPlace}`];
    entries += (await services.archives.unpack({ ...common, to: tree.path, options })).entries;
  }
  await tree.root.remove(savedPlace);
  return entries;
}

function digestIn(path: string): string | null {
  return /\/blobs\/sha256\/([0-9a-f]{64})$/u.exec(path)?.[1] ?? null;
}

async function directoriesIn(services: StepServices, path: string): Promise<ReadonlySet<string>> {
  const args = [path, '-xdev', '-mindepth', '1', '-type', 'd', '-printf', String.raw`%P\0`];
  const { stdout } = await services.exec({ file: 'find', args, reads: true, sandbox: false, wholeOutput: true });
  return new Set(stdout.split('\0'));
}

/** Where in the tree the layer is; null where none is. Docker saves the second of two equal layers as a symlink. */
async function placeOf(root: RootFiles, layer: string): Promise<string | null> {
  const isInside = (path: string): boolean => path.startsWith(`${savedPlace}/`);
  const asNamed = posix.normalize(layer);
  if (!isInside(asNamed)) return null;
  const path = (await root.resolve(asNamed)).slice(root.path.length);
  return isInside(path) && (await root.info(path))?.type === 'file' ? path : null;
}

/** It speaks of the layers below, so it comes before this layer's own files. */
async function applyWhiteout(root: RootFiles, mark: string): Promise<void> {
  const directory = posix.dirname(mark);
  const name = posix.basename(mark);
  if (name === opaque) {
    for (const inner of await root.list(directory)) {
      const path = posix.join(directory, inner);
      if (path !== savedPlace) await root.remove(path);
    }
    return;
  }
  const target = posix.join(directory, name.slice(whiteout.length));
  if (target !== savedPlace && posix.basename(target) !== '..' && target !== directory) await root.remove(target);
}
