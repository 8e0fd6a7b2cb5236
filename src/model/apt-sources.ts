/** The sources of a machine's apt, in the form that its release reads. */
import type { Arch } from './arch.ts';
import type { Release } from './release.ts';
import { archiveUrls, securityUrls } from './releases.ts';

export interface AptSourcesOptions {
  readonly arch: Arch;
  /** Where the main suite was found. */
  readonly archive: 'live' | 'archived';
  readonly components: readonly string[];
  /** Is it an archive of the past, that nobody signs anew? So are archived ones. @default false */
  readonly frozen?: boolean;
  /** Shall apt take what it cannot verify? @default false */
  readonly trusted?: boolean;
  /** @default false */
  readonly backports?: boolean;
  /** Instead of the public archive, for the main suite and its updates. */
  readonly mirror?: string | null;
  /** Instead of the public security archive; null leaves the suite out. */
  readonly securityMirror?: string | null;
  /** Keyring by its path in the machine, instead of the release's own. */
  readonly guestKeyring?: string;
}

export interface AptSources {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** What debootstrap left, and would be read as well. */
  readonly remove: readonly string[];
}

interface Source {
  readonly url: string;
  readonly suites: readonly string[];
}

const oneLineFile = '/etc/apt/sources.list';
const validUntilFile = '/etc/apt/apt.conf.d/90machinespawn-old-archive';
/** For an apt from before 1.5, which has no such option of a source. */
const validUntilText = [
  '// Written by machinespawn: nobody signs the index of an old archive anew. See apt.conf(5).',
  'Acquire::Check-Valid-Until "false";',
  '',
].join('\n');

export function aptSources(release: Release, options: AptSourcesOptions): AptSources {
  const sources = sourcesOf(release, options);
  const settings = settingsOf(release, options);
  const header = '# Written by machinespawn. See sources.list(5).\n';
  const needsFile = isFrozen(options) && !release.aptReads.checkValidUntil;
  const configuration = needsFile ? [{ path: validUntilFile, text: validUntilText }] : [];
  if (release.sourcesFormat === 'one-line') {
    return {
      files: [{ path: oneLineFile, text: header + oneLine(sources, settings, options.components) }, ...configuration],
      remove: [],
    };
  }
  const path = `/etc/apt/sources.list.d/${release.distro}.sources`;
  return {
    files: [{ path, text: header + deb822(sources, settings, options.components) }, ...configuration],
    remove: [oneLineFile],
  };
}

function sourcesOf(release: Release, options: AptSourcesOptions): readonly Source[] {
  const main = options.mirror ?? archiveUrls(release, options.arch)[options.archive];
  const updates = release.updatesSuite === null ? [] : [release.updatesSuite];
  const backports = options.backports === true && release.backportsSuite !== null ? [release.backportsSuite] : [];
  const sources = [{ url: main, suites: [release.codename, ...updates, ...backports] }];
  if (release.security === null || options.securityMirror === null) return sources;
  const url = options.securityMirror ?? securityUrls(release, options.arch)?.[options.archive];
  return url === undefined ? sources : [...sources, { url, suites: [release.security.suite] }];
}

/** Names as in deb822; the one-line form has them in lower case. */
function settingsOf(release: Release, options: AptSourcesOptions): readonly (readonly [string, string])[] {
  const keyring = options.guestKeyring ?? release.guestKeyring;
  return [
    ...(release.aptReads.signedBy ? [['Signed-By', keyring] as const] : []),
    ...(isFrozen(options) && release.aptReads.checkValidUntil ? [['Check-Valid-Until', 'no'] as const] : []),
    ...(options.trusted === true ? [['Trusted', 'yes'] as const] : []),
  ];
}

function isFrozen({ archive, frozen = false }: AptSourcesOptions): boolean {
  return archive === 'archived' || frozen;
}

function deb822(
  sources: readonly Source[],
  settings: readonly (readonly [string, string])[],
  components: readonly string[],
): string {
  const paragraphs = sources.map(({ url, suites }) =>
    [['Types', 'deb'], ['URIs', url], ['Suites', suites.join(' ')], ['Components', components.join(' ')], ...settings]
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  );
  return paragraphs.join('\n');
}

function oneLine(
  sources: readonly Source[],
  settings: readonly (readonly [string, string])[],
  components: readonly string[],
): string {
  const words = settings.map(([name, value]) => `${name.toLowerCase()}=${value}`).join(' ');
  const options = words === '' ? '' : `[${words}] `;
  return sources
    .flatMap(({ url, suites }) => suites.map((suite) => `deb ${options}${url} ${suite} ${components.join(' ')}\n`))
    .join('');
}
