/** The releases that can be named. The only file with the addresses of public archives. */
import type { Arch } from './arch.ts';
import { debianKeys as keys, ubuntuKeys } from './archive-keys.ts';
import type { ArchiveUrls, Distro, PortSupport, Release, SigningKey } from './release.ts';

/** Day of the newest fact in here, that of distro-info-data 2026.10.12. What the host knows of later days wins. */
export const tableDate = '2026-10-12';

const same = (urls: ArchiveUrls) => ({ x86: urls, ports: urls });
const debianUrls = same({
  live: 'http://deb.debian.org/debian',
  archived: 'http://archive.debian.org/debian',
});
const debianSecurityUrls = same({
  live: 'http://deb.debian.org/debian-security',
  archived: 'http://archive.debian.org/debian-security',
});
const ubuntuOld = 'http://old-releases.ubuntu.com/ubuntu';
const ubuntuPorts: ArchiveUrls = { live: 'http://ports.ubuntu.com/ubuntu-ports', archived: ubuntuOld };
const ubuntuUrls = {
  x86: { live: 'http://archive.ubuntu.com/ubuntu', archived: ubuntuOld },
  ports: ubuntuPorts,
};
const ubuntuSecurityUrls = {
  x86: { live: 'http://security.ubuntu.com/ubuntu', archived: ubuntuOld },
  ports: ubuntuPorts,
};

/** `SNAPSHOT` stands for the moment, as in 20261101T000000Z. Ubuntu's goes back to 2023-03-01. */
const snapshotUrls = {
  debian: {
    main: 'http://snapshot.debian.org/archive/debian/SNAPSHOT',
    security: 'http://snapshot.debian.org/archive/debian-security/SNAPSHOT',
  },
  ubuntu: {
    main: 'http://snapshot.ubuntu.com/ubuntu/SNAPSHOT',
    security: 'http://snapshot.ubuntu.com/ubuntu/SNAPSHOT',
  },
} as const;

/** The archive as it was at a moment, written as 20261101T000000Z. */
export function snapshotArchive(distro: Distro, part: 'main' | 'security', moment: string): string {
  return snapshotUrls[distro][part].replace('SNAPSHOT', moment);
}

/** Where a missing keyring is to be had through a chain that begins with Debian's own keyring. */
export const keyringSource = { distro: 'debian', codename: 'trixie', component: 'main' } as const;

const full: PortSupport = { port: 'full', builds: true, reason: null };
const none = (reason: string): PortSupport => ({ port: 'none', builds: false, reason });
const addOnI386: PortSupport = {
  port: 'partial',
  builds: true,
  reason: 'i386 is an add-on to amd64 since Debian 13: it has no kernel and no installer',
};
const refusedI386: PortSupport = {
  port: 'partial',
  builds: false,
  reason: 'since 20.04 Ubuntu has only some libraries for i386, not a whole system; use amd64',
};

const rva23: PortSupport = {
  port: 'full',
  builds: true,
  reason: 'since 25.10 Ubuntu builds riscv64 for processors with the profile RVA23: qemu before 10 is too old for it',
};

interface DebianRow {
  readonly systemd: number;
  readonly released?: string;
  readonly support?: readonly [eol: string, lts: string, elts: string];
  readonly main: readonly SigningKey[];
  readonly security?: readonly SigningKey[];
}

/** @param number 99 for sid, which is after all that have one. */
function debian(number: number, codename: string, row: DebianRow): Release {
  const version = codename === 'sid' ? null : String(number);
  const archive = number <= 10 ? 'archived' : 'live';
  const ring = archive === 'archived' ? 'debian-archive-removed-keys' : 'debian-archive-keyring';
  const rolling = row.released === undefined;
  const all = ['main', 'contrib', 'non-free', ...(number >= 12 ? ['non-free-firmware'] : [])];
  const ports: Record<Arch, PortSupport> = {
    amd64: full,
    i386: number >= 13 ? addOnI386 : full,
    armhf: full,
    arm64: full,
    riscv64: number >= 13 ? full : none('Debian has riscv64 since Debian 13'),
  };
  return {
    distro: 'debian',
    version,
    codename,
    image: `debian-${version ?? codename}`,
    words: [],
    released: row.released ?? null,
    eol: row.support?.[0] ?? null,
    ltsUntil: row.support?.[1] ?? null,
    extendedUntil: row.support?.[2] ?? null,
    ports,
    components: { default: ['main'], all },
    archive,
    urls: debianUrls,
    updatesSuite: codename === 'sid' ? null : `${codename}-updates`,
    backportsSuite: codename === 'sid' ? null : `${codename}-backports`,
    security:
      codename === 'sid'
        ? null
        : { suite: number <= 10 ? `${codename}/updates` : `${codename}-security`, urls: debianSecurityUrls },
    keyring: {
      paths: [`/usr/share/keyrings/${ring}.gpg`, `/usr/share/keyrings/${ring}.pgp`],
      debianPackage: 'debian-archive-keyring',
    },
    // The keyring package 2025.1, which came with trixie, renamed the files; .gpg is a link there.
    guestKeyring: `/usr/share/keyrings/debian-archive-keyring.${number >= 13 ? 'pgp' : 'gpg'}`,
    signingKeys: { main: row.main, security: row.security ?? [] },
    validUntil: { main: rolling, security: number >= 12 && codename !== 'sid' },
    sourcesFormat: number >= 12 ? 'deb822' : 'one-line',
    aptReads: { signedBy: number >= 9, checkValidUntil: number >= 10 },
    genericScript: 'sid',
    systemd: row.systemd,
    cgroupV2: row.systemd < 232 ? 'no' : row.systemd < 240 ? 'partly' : 'yes',
  };
}

interface UbuntuRow {
  readonly released?: string;
  readonly systemd: number;
  readonly eol?: string;
  readonly legacy?: string;
  readonly archived?: true;
}

function ubuntu(version: string, codename: string, row: UbuntuRow): Release {
  const year = Number(version.slice(0, 2));
  const ports: Record<Arch, PortSupport> = {
    amd64: full,
    i386: year >= 20 ? refusedI386 : full,
    armhf: full,
    arm64: full,
    riscv64: Number(version) >= 25.1 ? rva23 : year >= 20 ? full : none('Ubuntu has riscv64 since 20.04'),
  };
  return {
    distro: 'ubuntu',
    version,
    codename,
    image: `ubuntu-${version}`,
    words: [],
    released: row.released ?? null,
    eol: row.eol ?? null,
    ltsUntil: null,
    extendedUntil: row.legacy ?? null,
    ports,
    components: { default: ['main', 'universe'], all: ['main', 'restricted', 'universe', 'multiverse'] },
    archive: row.archived ? 'archived' : 'live',
    urls: ubuntuUrls,
    updatesSuite: `${codename}-updates`,
    backportsSuite: `${codename}-backports`,
    security: { suite: `${codename}-security`, urls: ubuntuSecurityUrls },
    keyring: { paths: ['/usr/share/keyrings/ubuntu-archive-keyring.gpg'], debianPackage: 'ubuntu-keyring' },
    guestKeyring: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
    signingKeys: { main: ubuntuKeys, security: ubuntuKeys },
    validUntil: { main: false, security: false },
    sourcesFormat: year >= 24 ? 'deb822' : 'one-line',
    aptReads: { signedBy: true, checkValidUntil: year >= 18 },
    genericScript: 'gutsy',
    systemd: row.systemd,
    cgroupV2: row.systemd < 232 ? 'no' : row.systemd < 240 ? 'partly' : 'yes',
  };
}

// prettier-ignore
export const releaseTable: readonly Release[] = [
  debian(8, 'jessie', { released: '2015-04-26', support: ['2018-06-17', '2020-06-30', '2025-06-30'], systemd: 215,
    main: [keys.jessieArchive, keys.jessieRelease], security: [keys.jessieSecurity] }),
  debian(9, 'stretch', { released: '2017-06-17', support: ['2020-07-18', '2022-06-30', '2027-06-30'], systemd: 232,
    main: [keys.stretchArchive, keys.stretchRelease], security: [keys.stretchSecurity] }),
  debian(10, 'buster', { released: '2019-07-06', support: ['2022-09-10', '2024-06-30', '2029-06-30'], systemd: 241,
    main: [keys.busterArchive, keys.busterRelease], security: [keys.busterSecurity] }),
  debian(11, 'bullseye', { released: '2021-08-14', support: ['2024-08-14', '2026-08-31', '2031-06-30'], systemd: 247,
    main: [keys.bullseyeArchive, keys.bookwormArchive, keys.bullseyeRelease], security: [keys.bullseyeSecurity, keys.bookwormSecurity] }),
  debian(12, 'bookworm', { released: '2023-06-10', support: ['2026-07-11', '2028-06-30', '2033-06-30'], systemd: 252,
    main: [keys.bookwormArchive, keys.trixieArchive, keys.bookwormRelease], security: [keys.bullseyeSecurity, keys.bookwormSecurity] }),
  debian(13, 'trixie', { released: '2025-08-09', support: ['2028-08-09', '2030-06-30', '2035-06-30'], systemd: 257,
    main: [keys.bookwormArchive, keys.trixieArchive, keys.trixieRelease], security: [keys.bookwormSecurity, keys.trixieSecurity] }),
  debian(14, 'forky', { systemd: 262,
    main: [keys.bookwormArchive, keys.trixieArchive], security: [keys.bookwormSecurity, keys.trixieSecurity] }),
  debian(99, 'sid', { systemd: 262, main: [keys.bookwormArchive, keys.trixieArchive] }),
  ubuntu('16.04', 'xenial', { released: '2016-04-21', eol: '2021-04-30', legacy: '2031-04-30', systemd: 229 }),
  ubuntu('18.04', 'bionic', { released: '2018-04-26', eol: '2023-05-31', legacy: '2033-04-28', systemd: 237 }),
  ubuntu('20.04', 'focal', { released: '2020-04-23', eol: '2025-05-29', legacy: '2035-04-26', systemd: 245 }),
  ubuntu('22.04', 'jammy', { released: '2022-04-21', eol: '2027-06-01', legacy: '2037-04-30', systemd: 249 }),
  ubuntu('22.10', 'kinetic', { released: '2022-10-20', eol: '2023-07-20', archived: true, systemd: 251 }),
  ubuntu('23.04', 'lunar', { released: '2023-04-20', eol: '2024-01-25', archived: true, systemd: 252 }),
  ubuntu('23.10', 'mantic', { released: '2023-10-12', eol: '2024-07-11', archived: true, systemd: 253 }),
  ubuntu('24.04', 'noble', { released: '2024-04-25', eol: '2029-05-31', legacy: '2039-04-28', systemd: 255 }),
  ubuntu('24.10', 'oracular', { released: '2024-10-10', eol: '2025-07-10', archived: true, systemd: 256 }),
  ubuntu('25.04', 'plucky', { released: '2025-04-17', eol: '2026-01-15', archived: true, systemd: 257 }),
  ubuntu('25.10', 'questing', { released: '2025-10-09', eol: '2026-07-09', systemd: 257 }),
  ubuntu('26.04', 'resolute', { released: '2026-04-23', eol: '2031-05-29', legacy: '2041-04-30', systemd: 257 }),
  ubuntu('26.10', 'stonking', { released: '2026-10-15', eol: '2027-07-15', systemd: 257 }),
  ubuntu('27.04', 'tenacious', { released: '2027-04-22', systemd: 257 }),
];

/** Highest number, so that whatever came with some release is there. */
const future = { debian: 98, ubuntu: '99.10' } as const;

/**
 * A release that the table does not have: as the newest that it has, with the newest keys.
 * `version`: null where nobody knows it, so that the codename has to name the image.
 */
export function unlistedRelease(distro: Distro, codename: string, version: string | null): Release {
  const isOld = version !== null && Number(version) < Number(future[distro]);
  const release =
    distro === 'debian'
      ? debian(isOld ? Number(version) : future.debian, codename, {
          systemd: 262,
          main: [keys.bookwormArchive, keys.trixieArchive, keys.trixieRelease],
          security: [keys.bookwormSecurity, keys.trixieSecurity],
        })
      : ubuntu(isOld ? version : future.ubuntu, codename, { systemd: 257 });
  return { ...release, version, image: `${distro}-${version ?? codename}` };
}

/** Server of ready images (simplestreams) that `lxc:` names are looked up at. */
export const imageServer = 'https://images.linuxcontainers.org';
