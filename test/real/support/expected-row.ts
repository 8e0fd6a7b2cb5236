/**
 * What a build of each release has to ask, pass and write. Written by hand from what is known of the archives, not from the
 * table of the product.
 */
import { existsSync } from 'node:fs';
import type { Arch } from '../../../src/model/arch.ts';

const oldDebian = ['jessie', 'stretch', 'buster'];
const oldUbuntu = ['kinetic', 'lunar', 'mantic', 'oracular', 'plucky'];
const ubuntuKeyring = '/usr/share/keyrings/ubuntu-archive-keyring.gpg';
const oneLine = [
  'jessie',
  'stretch',
  'buster',
  'bullseye',
  'xenial',
  'bionic',
  'focal',
  'jammy',
  'kinetic',
  'lunar',
  'mantic',
];

export interface ExpectedRow {
  readonly mirror: string;
  /** Null for a release without one. */
  readonly security: { readonly mirror: string; readonly suite: string } | null;
  readonly updates: string | null;
  readonly keyring: string;
  readonly components: string;
  /** Every URL that is read before the packages, sorted. */
  readonly requests: readonly string[];
  readonly debootstrap: readonly string[];
  /** Below /etc/apt, by their path there. */
  readonly files: Readonly<Record<string, string>>;
}

export function expectedRow(codename: string, distro: 'debian' | 'ubuntu', arch: Arch): ExpectedRow {
  const places = distro === 'debian' ? debian(codename) : ubuntu(codename, arch);
  const updates = codename === 'sid' ? null : `${codename}-updates`;
  const components = distro === 'debian' ? 'main' : 'main universe';
  const row = { ...places, updates, components };
  return {
    ...row,
    requests: requestsOf(codename, row),
    debootstrap: argumentsOf(codename, distro, arch, row),
    files: {
      [oneLine.includes(codename) ? 'sources.list' : `sources.list.d/${distro}.sources`]: sourcesOf(
        codename,
        distro,
        row,
      ),
      // Their apt has no such option of a source, and nobody signs their index anew.
      ...(['jessie', 'stretch'].includes(codename) && {
        'apt.conf.d/90machinespawn-old-archive':
          '// Written by machinespawn: nobody signs the index of an old archive anew. See apt.conf(5).\nAcquire::Check-Valid-Until "false";\n',
      }),
    },
  };
}

type Places = Pick<ExpectedRow, 'mirror' | 'security' | 'keyring'>;
type Row = Places & Pick<ExpectedRow, 'updates' | 'components'>;

function debian(codename: string): Places {
  const isOld = oldDebian.includes(codename);
  const host = isOld ? 'http://archive.debian.org' : 'http://deb.debian.org';
  const suite = isOld ? `${codename}/updates` : `${codename}-security`;
  return {
    mirror: `${host}/debian`,
    security: codename === 'sid' ? null : { mirror: `${host}/debian-security`, suite },
    keyring: `/usr/share/keyrings/debian-archive-${isOld ? 'removed-keys' : 'keyring'}.gpg`,
  };
}

function ubuntu(codename: string, arch: Arch): Places {
  const suite = `${codename}-security`;
  const only = (mirror: string): Places => ({ mirror, security: { mirror, suite }, keyring: ubuntuKeyring });
  if (oldUbuntu.includes(codename)) return only('http://old-releases.ubuntu.com/ubuntu');
  if (arch !== 'amd64' && arch !== 'i386') return only('http://ports.ubuntu.com/ubuntu-ports');
  return {
    mirror: 'http://archive.ubuntu.com/ubuntu',
    security: { mirror: 'http://security.ubuntu.com/ubuntu', suite },
    keyring: ubuntuKeyring,
  };
}

/** jessie is from before InRelease, and is asked for it all the same. */
function requestsOf(codename: string, { mirror, security, updates }: Row): readonly string[] {
  const isApart = codename === 'jessie';
  const suite = (url: string, name: string, files: readonly string[]) =>
    files.map((file) => `${url}/dists/${name}/${file}`);
  const main = isApart ? ['InRelease', 'Release', 'Release.gpg'] : ['InRelease'];
  const others = isApart ? ['InRelease', 'Release'] : ['InRelease'];
  return [
    ...suite(mirror, codename, main),
    ...(updates === null ? [] : suite(mirror, updates, others)),
    ...(security === null ? [] : suite(security.mirror, security.suite, others)),
    // debootstrap's own wget.
    ...suite(mirror, codename, isApart ? ['InRelease', 'Release'] : ['InRelease']),
  ].toSorted();
}

function argumentsOf(
  codename: string,
  distro: string,
  arch: Arch,
  { keyring, components, mirror }: Row,
): readonly string[] {
  const scripts = '/usr/share/debootstrap/scripts';
  return [
    ...[
      '--foreign',
      '--debian-installer',
      '--force-check-gpg',
      `--keyring=${keyring}`,
      `--arch=${arch}`,
      '--variant=minbase',
    ],
    `--components=${components.replace(' ', ',')}`,
    '--cache-dir=<packages>',
    ...[codename, '<tree>', mirror],
    ...(existsSync(`${scripts}/${codename}`) ? [] : [`${scripts}/${distro === 'debian' ? 'sid' : 'gutsy'}`]),
  ];
}

function sourcesOf(codename: string, distro: string, row: Row): string {
  const header = '# Written by machinespawn. See sources.list(5).\n';
  const isArchived = row.mirror.includes('archive.debian.org') || row.mirror.includes('old-releases');
  const ring = distro === 'ubuntu' ? ubuntuKeyring : debianRingInside(codename);
  const suites = [codename, ...(row.updates === null ? [] : [row.updates])];
  if (oneLine.includes(codename)) {
    // apt reads signed-by since stretch, check-valid-until since buster and 18.04.
    const words = [
      ...(codename === 'jessie' ? [] : [`signed-by=${ring}`]),
      ...(isArchived && codename !== 'jessie' && codename !== 'stretch' ? ['check-valid-until=no'] : []),
      // Their keys have expired, so apt inside would refuse what we have verified.
      ...(codename === 'jessie' || codename === 'stretch' ? ['trusted=yes'] : []),
    ];
    const options = words.length === 0 ? '' : `[${words.join(' ')}] `;
    const line = (mirror: string, suite: string) => `deb ${options}${mirror} ${suite} ${row.components}\n`;
    const own = suites.map((suite) => line(row.mirror, suite)).join('');
    return header + own + (row.security === null ? '' : line(row.security.mirror, row.security.suite));
  }
  const paragraph = (mirror: string, names: readonly string[]) =>
    [
      `Types: deb\nURIs: ${mirror}\nSuites: ${names.join(' ')}\nComponents: ${row.components}\nSigned-By: ${ring}\n`,
      isArchived ? 'Check-Valid-Until: no\n' : '',
    ].join('');
  const security = row.security === null ? '' : `\n${paragraph(row.security.mirror, [row.security.suite])}`;
  return header + paragraph(row.mirror, suites) + security;
}

/** Renamed by the keyring package that came with trixie. */
function debianRingInside(codename: string): string {
  const isNew = ['trixie', 'forky', 'sid'].includes(codename);
  return `/usr/share/keyrings/debian-archive-keyring.${isNew ? 'pgp' : 'gpg'}`;
}
