/** Unpacks the layers of a saved container image one upon the other; what a layer deletes is marked by a name. */
import { posix } from 'node:path';
import { fail } from '../../errors/machinespawn-error.ts';
import type { RootFiles, StepServices } from '../../host/services.ts';
import type { TarLimits } from '../../model/tar-safety.ts';
import { planLayer, type LayerPlan } from './layer-plan.ts';
import { savedPlace, type SavedImage } from './oci-layout.ts';

const startBytes = 1024 * 1024;

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
    const plan = await planLayer(services, common, index === 0 ? null : tree.path);
    await makeWay(tree.root, plan);
    const options = [...plan.options, '--anchored', `--exclude=.${savedPlace}`, `--exclude=${savedPlace.slice(1)}`];
    entries += (await services.archives.unpack({ ...common, to: tree.path, options })).entries;
  }
  await tree.root.remove(savedPlace);
  return entries;
}

/** What a layer deletes is of the layers below, so that comes before its own files. */
async function makeWay(root: RootFiles, { emptied, removed }: LayerPlan): Promise<void> {
  for (const directory of emptied) {
    const place = (await root.resolve(directory)).slice(root.path.length);
    for (const inner of await root.list(place || '/')) await remove(root, `${place}/${inner}`);
  }
  for (const place of removed) await remove(root, place);
}

async function remove(root: RootFiles, path: string): Promise<void> {
  const above = (await root.resolve(posix.dirname(path))).slice(root.path.length);
  const place = `${above}/${posix.basename(path)}`;
  if (!`${place}/`.startsWith(`${savedPlace}/`)) await root.remove(place);
}

function digestIn(path: string): string | null {
  return /\/blobs\/sha256\/([0-9a-f]{64})$/u.exec(path)?.[1] ?? null;
}

/** Where in the tree the layer is; null where none is. Docker saves the second of two equal layers as a symlink. */
async function placeOf(root: RootFiles, layer: string): Promise<string | null> {
  const isInside = (path: string): boolean => path.startsWith(`${savedPlace}/`);
  const asNamed = posix.normalize(layer);
  if (!isInside(asNamed)) return null;
  const path = (await root.resolve(asNamed)).slice(root.path.length);
  return isInside(path) && (await root.info(path))?.type === 'file' ? path : null;
}
