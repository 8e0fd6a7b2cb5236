/** Builds one signed suite of a test archive. */
import { gzipSync } from 'node:zlib';
import type { Site } from './archive-site.ts';
import { releaseText, sha256Of } from './release-text.ts';
import type { TestKey, TestKeys } from './test-keys.ts';
import type { TestPackage } from './test-package.ts';

/**
 * How the signature stands beside the index. `inline`: InRelease alone. `detached`: Release and Release.gpg, without InRelease,
 * as in archives up to jessie. `both`: as archives are today. `unsigned`: a Release file that nobody signed.
 */
export type SignatureLayout = 'inline' | 'detached' | 'both' | 'unsigned';

export interface SuiteSpec {
  /** Path of the archive on its host: /debian, /debian-security, /ubuntu-ports. */
  readonly archive: string;
  /** Directory below dists; may hold a slash, as jessie/updates does. */
  readonly suite: string;
  readonly codename: string;
  /** @default 'Debian' */
  readonly origin?: string;
  /** @default an hour ago */
  readonly date?: Date;
  /** @default null */
  readonly validUntil?: Date | null;
  /** @default ['amd64'] */
  readonly architectures?: readonly string[];
  /** Packages by component and architecture; what is not there has an empty index. @default { main: {} } */
  readonly components?: Readonly<Record<string, Readonly<Record<string, readonly TestPackage[]>>>>;
  /** Components that Release names and that have no index. @default [] */
  readonly missingComponents?: readonly string[];
  readonly signedBy: readonly TestKey[];
  /** @default 'both' */
  readonly layout?: SignatureLayout;
  /** Serves the indexes by their digests, too. @default false */
  readonly byHash?: boolean;
  /** Packages that are in the index and not in the pool: an index newer than its pool. @default [] */
  readonly poolLacks?: readonly string[];
}

/** Adds the suite, its indexes and its packages to the site. */
export async function buildSuite(site: Site, keys: TestKeys, spec: SuiteSpec): Promise<void> {
  const { archive, suite, architectures = ['amd64'], components = { main: {} }, byHash = false } = spec;
  const dists = `${archive}/dists/${suite}`;
  const indexes = new Map<string, Buffer>();
  for (const [component, packages] of Object.entries(components)) {
    for (const architecture of architectures) {
      const listed = packages[architecture] ?? [];
      const body = Buffer.from(listed.map(({ paragraph }) => `${paragraph}\n\n`).join(''));
      const place = `${component}/binary-${architecture}/Packages`;
      indexes.set(place, body).set(`${place}.gz`, gzipSync(body));
      for (const { name, path, content } of listed) {
        if (spec.poolLacks?.includes(name) !== true) site.set(`${archive}/${path}`, content);
      }
    }
  }
  for (const [path, body] of indexes) {
    site.set(`${dists}/${path}`, body);
    const directory = path.slice(0, path.lastIndexOf('/'));
    if (byHash) site.set(`${dists}/${directory}/by-hash/SHA256/${sha256Of(body)}`, body);
  }
  const date = spec.date ?? new Date(Date.now() - 3_600_000);
  const text = releaseText(
    {
      origin: spec.origin ?? 'Debian',
      suite,
      codename: spec.codename,
      date,
      validUntil: spec.validUntil ?? null,
      architectures: ['all', ...architectures],
      components: [...Object.keys(components), ...(spec.missingComponents ?? [])],
      byHash,
    },
    indexes,
  );
  for (const [name, body] of await signedFiles(keys, spec, text, date)) site.set(`${dists}/${name}`, Buffer.from(body));
}

async function signedFiles(
  keys: TestKeys,
  { layout = 'both', signedBy }: SuiteSpec,
  text: string,
  at: Date,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  if (layout !== 'inline') files.set('Release', text);
  if (layout === 'detached' || layout === 'both')
    files.set('Release.gpg', await keys.sign(text, signedBy, { inline: false, at }));
  if (layout === 'inline' || layout === 'both')
    files.set('InRelease', await keys.sign(text, signedBy, { inline: true, at }));
  return files;
}
