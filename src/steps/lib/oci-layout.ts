/** Reads what is in a saved container image: which layers, from the lowest to the uppermost. */
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { RootFiles } from '../../host/services.ts';
import { sha256 } from './sha256.ts';

/** Where the saved image lies while its layers are unpacked beside it. */
export const savedPlace = '/.machinespawn-saved-image';

/** Indexes and manifests are a few kB; the standard wants 4 MiB to be taken. */
const mostBlobBytes = 16 * 1024 * 1024;

export interface SavedImage {
  readonly layout: 'oci' | 'docker';
  /** Paths in the tree, below `savedPlace`. */
  readonly layers: readonly string[];
}

/** What unpacked archives have at their top. */
export function isSavedImage(topNames: readonly string[]): boolean {
  const has = (name: string): boolean => topNames.includes(name);
  const isTree = ['usr', 'etc', 'bin', 'lib'].some(has);
  return !isTree && (has('manifest.json') || (has('oci-layout') && has('index.json')));
}

type Table = Readonly<Record<string, unknown>>;
const tableOf = (value: unknown): Table => (typeof value === 'object' && value !== null ? (value as Table) : {});
const listOf = (value: unknown): readonly Table[] => (Array.isArray(value) ? value.map(tableOf) : []);

/** `arch`: of the machine, where the image holds several. Throws MSP_OCI_UNUSABLE, MSP_TAR_DAMAGED. */
export async function readSavedImage(root: RootFiles, name: string, arch: string): Promise<SavedImage> {
  const unusable = (problem: string): MachinespawnError => fail('MSP_OCI_UNUSABLE', { archive: name, problem });
  const read = async (path: string, digest: string | null = null): Promise<unknown> => {
    const data = await root.readStart(`${savedPlace}/${path}`, mostBlobBytes);
    if (data === null) throw unusable(`${path} is missing`);
    if (digest !== null && sha256(data) !== digest)
      throw fail('MSP_TAR_DAMAGED', { archive: name, problem: `${path} has another digest than its name` });
    try {
      return JSON.parse(data.toString('utf8')) as unknown;
    } catch (error) {
      throw fail('MSP_OCI_UNUSABLE', { archive: name, problem: `${path} is not JSON` }, error);
    }
  };
  const hexOf = (digest: unknown): string => {
    const [, hex] = /^sha256:([0-9a-f]{64})$/u.exec(String(digest)) ?? [];
    if (hex === undefined) throw unusable('a digest in it is not a SHA-256');
    return hex;
  };
  const blob = (digest: unknown): string => `blobs/sha256/${hexOf(digest)}`;
  if ((await root.info(`${savedPlace}/index.json`)) === null) {
    const images = listOf(await read('manifest.json'));
    if (images.length !== 1) throw unusable(`it holds ${images.length} images`);
    const layers = images[0]?.['Layers'];
    if (!Array.isArray(layers) || layers.length === 0) throw unusable('it has no layers');
    return { layout: 'docker', layers: layers.map((layer) => `${savedPlace}/${String(layer)}`) };
  }
  let entries = listOf(tableOf(await read('index.json'))['manifests']);
  for (let depth = 0; depth < 3; depth += 1) {
    const images = distinct(entries.filter((entry) => tableOf(entry['platform'])['os'] !== 'unknown'));
    const fitting = images.filter((entry) =>
      [undefined, ociArch(arch)].includes(tableOf(entry['platform'])['architecture'] as string),
    );
    const [only, ...others] = images.length === 1 ? images : fitting;
    if (only === undefined || others.length > 0)
      throw unusable(`it holds ${images.length} images, and ${fitting.length} for ${arch}`);
    const manifest = tableOf(await read(blob(only['digest']), hexOf(only['digest'])));
    if (Array.isArray(manifest['manifests'])) {
      entries = listOf(manifest['manifests']);
      continue;
    }
    const layers = listOf(manifest['layers']);
    if (layers.length === 0) throw unusable('it has no layers');
    return { layout: 'oci', layers: layers.map((layer) => `${savedPlace}/${blob(layer['digest'])}`) };
  }
  throw unusable('its index leads nowhere');
}

/** Docker names an image with two tags twice. */
function distinct(entries: readonly Table[]): readonly Table[] {
  return [...new Map(entries.toReversed().map((entry) => [entry['digest'], entry])).values()].toReversed();
}

function ociArch(arch: string): string {
  const words: Readonly<Record<string, string | undefined>> = { i386: '386', armhf: 'arm' };
  return words[arch] ?? arch;
}
