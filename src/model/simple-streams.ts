/** Reads the index of an image server (simplestreams, products:1.0): which file is the newest of an image. */
import { fail } from '../errors/machinespawn-error.ts';
import { nearest } from './nearest.ts';

export interface WantedImage {
  /** As it was asked for, for errors. */
  readonly name: string;
  readonly distro: string;
  readonly release: string;
  readonly arch: string;
  readonly variant: string;
  readonly content: 'tar' | 'raw';
}

export interface StreamItem {
  /** Below the server's address. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number | null;
  readonly version: string;
}

/** File types, the best first. */
const wantedTypes = {
  tar: ['root.tar.xz', 'root.tar.zst', 'root.tar.gz', 'root.tar', 'rootfs.tar.xz'],
  raw: ['disk-kvm.img', 'disk1.img', 'disk.qcow2'],
} as const;

type Table = Readonly<Record<string, unknown>>;

const tableOf = (value: unknown): Table => (typeof value === 'object' && value !== null ? (value as Table) : {});

/** Throws MSP_PULL_INDEX for what is no such index, MSP_PULL_UNKNOWN when the image is not in it. */
export function findStreamItem(text: string, url: string, wanted: WantedImage): StreamItem {
  const products = tableOf(parseIndex(text, url)['products']);
  const rows = Object.values(products).map(tableOf);
  if (rows.length === 0) throw fail('MSP_PULL_INDEX', { url, problem: 'it names no images' });
  const nameOf = (row: Table): string =>
    [row['os'], row['release'], row['arch'], row['variant'] ?? 'default'].join('/').toLowerCase();
  const name = [wanted.distro, wanted.release, wanted.arch, wanted.variant].join('/').toLowerCase();
  const row = rows.find((one) => nameOf(one) === name) ?? rows.find((one) => hasAlias(one, wanted));
  const item = row === undefined ? null : newestItem(row, wanted.content);
  if (item !== null) return item;
  const near = nearest(name, rows.map(nameOf));
  throw fail('MSP_PULL_UNKNOWN', {
    image: wanted.name,
    server: new URL(url).host,
    nearest: near === null ? null : `lxc:${near}`,
  });
}

/** A release has several names: "12" and "bookworm". */
function hasAlias(row: Table, { distro, release, arch, variant }: WantedImage): boolean {
  const aliases = typeof row['aliases'] === 'string' ? row['aliases'].split(',') : [];
  const full =
    variant === 'default'
      ? [`${distro}/${release}`, `${distro}/${release}/default`]
      : [`${distro}/${release}/${variant}`];
  return row['arch'] === arch && full.some((alias) => aliases.includes(alias));
}

function newestItem(row: Table, content: 'tar' | 'raw'): StreamItem | null {
  for (const [version, entry] of Object.entries(tableOf(row['versions'])).toSorted(([one], [other]) =>
    one < other ? 1 : -1,
  )) {
    const items: readonly Table[] = Object.entries(tableOf(tableOf(entry)['items'])).map(([key, item]) => ({
      key,
      ...tableOf(item),
    }));
    for (const type of wantedTypes[content]) {
      const item = items.find((one) => one['ftype'] === type || one['key'] === type);
      const [path, sha256, size] = [item?.['path'], item?.['sha256'], item?.['size']];
      if (typeof path !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/u.test(sha256)) continue;
      return { path, sha256, sizeBytes: typeof size === 'number' ? size : null, version };
    }
  }
  return null;
}

/** Path of the products below the server's address. Throws MSP_PULL_INDEX. */
export function productsPath(text: string, url: string): string {
  const indexes = Object.values(tableOf(parseIndex(text, url)['index'])).map(tableOf);
  const index = indexes.find((one) => one['datatype'] === 'image-downloads') ?? indexes[0];
  const path = index?.['path'];
  if (typeof path !== 'string') throw fail('MSP_PULL_INDEX', { url, problem: 'it names no list of images' });
  return path;
}

function parseIndex(text: string, url: string): Table {
  try {
    return tableOf(JSON.parse(text));
  } catch (error) {
    throw fail('MSP_PULL_INDEX', { url, problem: 'it is not JSON' }, error);
  }
}
