/** What we know of one release of Debian or Ubuntu. Types only; the rows are in `release-table.ts`. */
import type { Arch } from './arch.ts';

export type Distro = 'debian' | 'ubuntu';

/**
 * A port of a release.
 * `full`: like any other. `partial`: too few packages for a computer of its own.
 * `none`: there is no such port. Only what has `builds` can be bootstrapped; `reason` says why not, or what is missing.
 */
export interface PortSupport {
  readonly port: 'full' | 'partial' | 'none';
  readonly builds: boolean;
  readonly reason: string | null;
}

/** A key that signs archives. */
export interface SigningKey {
  /** Fingerprint of the primary key: 40 upper-case hex digits. */
  readonly fingerprint: string;
  readonly owner: string;
  /** Date (UTC) from which the key counts as expired; null for never. */
  readonly expires: string | null;
}

export interface Keyring {
  /** Where the host may have it, the preferred path first. */
  readonly paths: readonly string[];
  /** The package of the host that brings it. */
  readonly debianPackage: string;
}

/** Base addresses, without a slash at the end. */
export interface ArchiveUrls {
  readonly live: string;
  /** Where the release is moved after its end. */
  readonly archived: string;
}

export interface Release {
  readonly distro: Distro;
  /** Null for sid, which has no number. */
  readonly version: string | null;
  readonly codename: string;
  /** The canonical image name: "debian-12". */
  readonly image: string;
  /** Names that move from release to release, on the day that the catalogue is of: "stable", "lts". */
  readonly words: readonly string[];
  /** Dates as YYYY-MM-DD; null when there is none yet, or none at all. */
  readonly released: string | null;
  /** End of regular support. */
  readonly eol: string | null;
  /** Debian: end of LTS. Null on Ubuntu. */
  readonly ltsUntil: string | null;
  /** The last paid support: Debian's ELTS, Ubuntu's Pro with its legacy add-on. */
  readonly extendedUntil: string | null;
  readonly ports: Readonly<Record<Arch, PortSupport>>;
  readonly components: { readonly default: readonly string[]; readonly all: readonly string[] };
  /** Where it was when this table was written. A release moves months after its end: probe. */
  readonly archive: 'live' | 'archived';
  readonly urls: { readonly x86: ArchiveUrls; readonly ports: ArchiveUrls };
  /** "bookworm-updates"; null where there is none. */
  readonly updatesSuite: string | null;
  /** "bookworm-backports"; null where there is none. */
  readonly backportsSuite: string | null;
  readonly security: {
    readonly suite: string;
    readonly urls: { readonly x86: ArchiveUrls; readonly ports: ArchiveUrls };
  } | null;
  readonly keyring: Keyring;
  /** Path inside a machine of this release, as its own keyring package installs it. */
  readonly guestKeyring: string;
  /** Any one of them is enough. Two are usual: the archive's and the release's. */
  readonly signingKeys: { readonly main: readonly SigningKey[]; readonly security: readonly SigningKey[] };
  /** Does the index carry Valid-Until? */
  readonly validUntil: { readonly main: boolean; readonly security: boolean };
  readonly sourcesFormat: 'deb822' | 'one-line';
  /** What its apt reads in a source: Signed-By since apt 1.1, Check-Valid-Until since 1.5. */
  readonly aptReads: { readonly signedBy: boolean; readonly checkValidUntil: boolean };
  /** The script to use where the host's debootstrap has none for this codename. */
  readonly genericScript: 'sid' | 'gutsy';
  /** Version of systemd inside; for releases still in development, at least this. */
  readonly systemd: number;
  /** Does that systemd boot on a host with cgroup v2 only? */
  readonly cgroupV2: 'yes' | 'partly' | 'no';
}
