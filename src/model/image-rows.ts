/** The rows of `machinespawn images`, as JSON and as cells. */
import { archs, type Arch } from './arch.ts';
import { usualWay, type BootstrapWay } from './bootstrap-way.ts';
import type { Distro, Release } from './release.ts';
import { releaseStatus, type ReleaseStatus } from './release-status.ts';
import { aliasesOf, expectedArchive } from './releases.ts';

/** How this host runs programs of an architecture; null when it cannot, for want of an emulator. */
export type Runs = 'native' | 'qemu' | null;

export interface CachedImage {
  readonly image: string;
  readonly arch: Arch;
  readonly variant: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly sizeBytes: number | null;
}

export interface ImageRow {
  readonly image: string;
  readonly aliases: readonly string[];
  readonly distro: Distro;
  readonly version: string | null;
  readonly codename: string;
  readonly status: ReleaseStatus['status'];
  readonly statusText: string;
  readonly supportedUntil: string | null;
  readonly ltsUntil: string | null;
  readonly mirror: string;
  readonly keyring: string;
  readonly architectures: Readonly<
    Record<
      Arch,
      {
        readonly available: boolean;
        readonly runs: Runs;
        readonly reason: string | null;
        /** Of its default variant; null where it is not available. */
        readonly way: BootstrapWay | null;
      }
    >
  >;
  /** The way that its default variant is bootstrapped by on this host, unless another one is asked for. */
  readonly way: BootstrapWay;
  /** Can it boot here, on cgroup v2? */
  readonly boots: boolean;
  readonly cached: readonly Omit<CachedImage, 'image'>[];
}

export interface ImageRowsInput {
  readonly releases: readonly Release[];
  readonly host: Arch;
  readonly runs: Readonly<Record<Arch, Runs>>;
  readonly cached: readonly CachedImage[];
  /** YYYY-MM-DD, UTC. */
  readonly today: string;
}

export function imageRows({ releases, host, runs, cached, today }: ImageRowsInput): readonly ImageRow[] {
  return releases.map((release) => {
    const { status, text } = releaseStatus(release, today);
    const architectures = Object.fromEntries(
      archs.map((arch) => {
        const { builds, reason } = release.ports[arch];
        const way = builds ? usualWay(release.codename, arch) : null;
        return [arch, { available: builds, runs: builds ? runs[arch] : null, reason, way }];
      }),
    ) as ImageRow['architectures'];
    return {
      image: release.image,
      aliases: aliasesOf(release),
      distro: release.distro,
      version: release.version,
      codename: release.codename,
      status,
      statusText: text,
      supportedUntil: release.eol,
      ltsUntil: release.ltsUntil,
      mirror: expectedArchive(release, host),
      keyring: release.keyring.paths[0] ?? release.guestKeyring,
      architectures,
      way: usualWay(release.codename, host),
      boots: release.cgroupV2 !== 'no',
      cached: cached
        .filter((entry) => entry.image === release.image)
        .map(({ arch, variant, createdAt, sizeBytes }) => ({ arch, variant, createdAt, sizeBytes })),
    };
  });
}

/** Columns of the table. Only the usual architectures have one; all are in the JSON. */
export const imageColumns = ['image', 'aliases', 'status', 'amd64', 'i386', 'armhf', 'arm64', 'way', 'cached'] as const;
export type ImageCells = Readonly<Record<(typeof imageColumns)[number], string>>;

/** yes: native; qemu: needs an emulator; part: the port is not whole; no: there is none. */
export function archCell(row: ImageRow, release: Release, arch: Arch): string {
  const { port } = release.ports[arch];
  if (port !== 'full') return port === 'partial' ? 'part' : 'no';
  return row.architectures[arch].runs === 'native' ? 'yes' : 'qemu';
}

export function imageCells(row: ImageRow, release: Release): ImageCells {
  const cell = (arch: Arch): string => archCell(row, release, arch);
  const cachedArchs = [...new Set(row.cached.map((entry) => entry.arch))];
  return {
    image: row.image,
    aliases: release.version === null ? release.words.join(' ') : row.codename,
    status: row.statusText,
    amd64: cell('amd64'),
    i386: cell('i386'),
    armhf: cell('armhf'),
    arm64: cell('arm64'),
    way: row.way,
    cached: cachedArchs.join(' ') || '-',
  };
}

/** Why ports are refused or not whole, each reason once: "debian-13 i386: …", "ubuntu-20.04 and 11 more, i386: …". */
export function portNotes(rows: readonly ImageRow[]): readonly string[] {
  const byReason = new Map<string, { readonly arch: Arch; readonly available: boolean; readonly images: string[] }>();
  for (const row of rows) {
    for (const arch of archs) {
      const { reason, available } = row.architectures[arch];
      if (reason === null) continue;
      const note = byReason.get(`${arch} ${reason}`) ?? { arch, available, images: [] };
      note.images.push(row.image);
      byReason.set(`${arch} ${reason}`, note);
    }
  }
  return [...byReason].map(([key, { arch, available, images }]) => {
    const more = images.length > 1 ? ` and ${images.length - 1} more` : '';
    const verdict = available ? '' : 'refused: ';
    return `${images[0]}${more}, ${arch}: ${verdict}${key.slice(arch.length + 1)}`;
  });
}
