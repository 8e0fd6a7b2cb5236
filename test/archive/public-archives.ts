/** The archives of a release as the public has them: main suite, updates and security on the hosts where they are today. */
import type { Arch } from '../../src/model/arch.ts';
import type { Release } from '../../src/model/release.ts';
import { archiveUrls, securityUrls } from '../../src/model/releases.ts';
import { siteOf, type Sites } from './archive-site.ts';
import { buildSuite, type SuiteSpec } from './build-suite.ts';
import type { KeyTwins } from './key-twins.ts';
import type { TestPackage } from './test-package.ts';

export interface PublicArchiveSpec {
  readonly release: Release;
  readonly archs: readonly Arch[];
  /** Of the first component. @default none: there are only indexes */
  readonly packages?: (arch: Arch) => readonly TestPackage[];
  /** @default where the table says that it is */
  readonly place?: 'live' | 'archived';
  /** Overrides for the main suite. */
  readonly main?: Partial<SuiteSpec>;
}

/** Adds them to the sites. Suites of an archived release are dated the day of its end, before its keys expired. */
export async function addPublicArchive(sites: Sites, twins: KeyTwins, spec: PublicArchiveSpec): Promise<void> {
  const { release, archs } = spec;
  const place = spec.place ?? release.archive;
  for (const byUrl of groupedBy(archs, (arch) => archiveUrls(release, arch)[place])) {
    const [url, served] = byUrl;
    const suite = (name: string, extra: Partial<SuiteSpec>): SuiteSpec => ({
      archive: new URL(url).pathname,
      suite: name,
      codename: release.codename,
      origin: release.distro === 'debian' ? 'Debian' : 'Ubuntu',
      date: dateOf(release),
      architectures: served,
      components: componentsOf(spec, served),
      signedBy: twins.of(release.signingKeys.main),
      // Archives of that age have no InRelease.
      layout: release.codename === 'jessie' ? 'detached' : 'both',
      ...extra,
    });
    const site = siteOf(sites, new URL(url).host);
    await buildSuite(site, twins.keys, suite(release.codename, spec.main ?? {}));
    if (release.updatesSuite !== null) {
      await buildSuite(site, twins.keys, suite(release.updatesSuite, { components: emptyComponents(release) }));
    }
    const security = securityUrls(release, served[0] ?? 'amd64')?.[place];
    if (release.security === null || security === undefined) continue;
    await buildSuite(
      siteOf(sites, new URL(security).host),
      twins.keys,
      suite(release.security.suite, {
        archive: new URL(security).pathname,
        components: emptyComponents(release),
        signedBy: twins.of(release.signingKeys.security),
      }),
    );
  }
}

/** All hosts that the releases are on, live or archived. */
export function publicHosts(releases: readonly Release[]): readonly string[] {
  const urls = releases.flatMap(({ urls: main, security }) =>
    [main, ...(security === null ? [] : [security.urls])].flatMap(({ x86, ports }) => [x86, ports]),
  );
  return [...new Set(urls.flatMap(({ live, archived }) => [live, archived]).map((url) => new URL(url).host))];
}

/** The day on which support ended; for those that are still supported, yesterday. */
function dateOf({ eol, ltsUntil, archive }: Release): Date {
  const yesterday = new Date(Date.now() - 24 * 3_600_000);
  return archive === 'archived' ? new Date(`${ltsUntil ?? eol ?? ''}T12:00:00Z`) : yesterday;
}

type Components = NonNullable<SuiteSpec['components']>;

function emptyComponents({ components }: Release): Components {
  return Object.fromEntries(components.all.map((component) => [component, {}]));
}

function componentsOf({ release, packages }: PublicArchiveSpec, archs: readonly Arch[]): Components {
  const [first = 'main'] = release.components.all;
  if (packages === undefined) return emptyComponents(release);
  return { ...emptyComponents(release), [first]: Object.fromEntries(archs.map((arch) => [arch, packages(arch)])) };
}

function groupedBy<T>(values: readonly T[], keyOf: (value: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}
