/** What a person types for an image: "ubuntu-jammy", "debian:12/arm64" -> which release, which architecture. */
import { fail } from '../errors/machinespawn-error.ts';
import { archs, parseArch, type Arch } from './arch.ts';
import { nearest } from './nearest.ts';
import type { Distro, Release } from './release.ts';
import type { ReleaseCatalogue } from './release-catalogue.ts';
import { unlistedRelease } from './release-table.ts';
import { aliasesOf, currentReleases, releaseOf } from './releases.ts';

export interface ImageSpec {
  readonly distro: Distro;
  /** Null for sid. */
  readonly version: string | null;
  readonly codename: string;
  /** Null when the spelling names none. */
  readonly arch: Arch | null;
  /** The canonical name, without the architecture: "debian-12". */
  readonly image: string;
}

interface Spellings {
  readonly releases: ReadonlyMap<string, Release>;
  /** Worth proposing: the ones that the help shows. */
  readonly proposals: readonly string[];
  readonly of: ReleaseCatalogue;
}

let known: Spellings | null = null;

function knownSpellings(): Spellings {
  const catalogue = currentReleases();
  if (known?.of === catalogue) return known;
  const { releases, byCodename } = catalogue;
  // Last come the listed ones: a word such as "stable" is theirs.
  const all = [...[...byCodename.values()].filter((release) => !releases.includes(release)), ...releases];
  known = {
    releases: new Map(all.flatMap((release) => spellings(release).map((spelling) => [spelling, release] as const))),
    proposals: releases.flatMap((release) => [release.image, ...aliasesOf(release)]),
    of: catalogue,
  };
  return known;
}

/**
 * A codename that nobody knows is taken for a coming release when its distribution is named and it is near no other name.
 * Throws MSP_IMAGE_UNKNOWN with the nearest spelling, MSP_ARCH_UNKNOWN.
 */
export function parseImageSpec(text: string): ImageSpec {
  const { name, suffix } = split(text);
  const release = knownSpellings().releases.get(name) ?? comingRelease(name);
  if (release === null) throw fail('MSP_IMAGE_UNKNOWN', { image: text, nearest: propose(name, suffix) });
  const arch = suffix === null ? null : parseArch(suffix);
  const { distro, version, codename, image } = release;
  return Object.freeze({ distro, version, codename, arch, image });
}

/** "debian-12", or "debian-12/arm64". Parses to the same spec again. */
export function formatImageSpec(spec: ImageSpec): string {
  return spec.arch === null ? spec.image : `${spec.image}/${spec.arch}`;
}

/** Throws MSP_ARCH_REFUSED with the reason. */
export function archForImage(spec: Pick<ImageSpec, 'codename' | 'image' | 'distro'>, arch: Arch): Arch {
  const support = releaseOf(spec.codename, spec.distro).ports[arch];
  if (support.builds) return arch;
  throw fail('MSP_ARCH_REFUSED', {
    image: spec.image,
    arch,
    reason: support.reason ?? 'there is no such port',
  });
}

/** The architecture that is meant: asked for, else in the spelling, else the host's. Throws MSP_USAGE when two differ, MSP_ARCH_REFUSED. */
export function chooseArch(spec: ImageSpec, asked: Arch | null, host: Arch): Arch {
  if (asked !== null && spec.arch !== null && asked !== spec.arch) {
    throw fail('MSP_USAGE', {
      problem: `the image says ${spec.arch}, and ${asked} is asked for`,
      hint: `name one of them: ${spec.image}/${asked}`,
    });
  }
  return archForImage(spec, asked ?? spec.arch ?? host);
}

/** Null for what cannot be one, and for what is more likely a mistyped name. */
function comingRelease(name: string): Release | null {
  const match = /^(debian|ubuntu)[-:/]([a-z]{3,20})$/u.exec(name);
  const codename = match?.[2];
  if (codename === undefined) return null;
  const { byCodename, tooOld } = currentReleases();
  const distro = match?.[1] === 'debian' ? 'debian' : 'ubuntu';
  const taken = [...byCodename.keys(), ...[...byCodename.values()].flatMap(({ words }) => words)];
  if (tooOld.has(codename) || taken.includes(codename) || nearest(codename, taken) !== null) return null;
  return unlistedRelease(distro, codename, null);
}

function spellings(release: Release): string[] {
  const names = [release.version ?? release.codename, release.codename, ...release.words];
  return [
    ...names.flatMap((name) => [`${release.distro}-${name}`, `${release.distro}:${name}`, `${release.distro}/${name}`]),
    release.codename,
    ...release.words,
  ];
}

/** The last part after a slash is an architecture, unless the slash stands for the dash of "debian/12". */
function split(text: string): { name: string; suffix: string | null } {
  if (knownSpellings().releases.has(text)) return { name: text, suffix: null };
  const at = text.lastIndexOf('/');
  const name = text.slice(0, at);
  if (at <= 0 || isDistro(name)) return { name: text, suffix: null };
  return { name, suffix: text.slice(at + 1) };
}

function propose(name: string, suffix: string | null): string | null {
  const found = guess(name.toLowerCase().replace(/[:/_ ]/gu, '-'));
  const arch = suffix === null ? null : nearest(suffix, archs);
  return found === null || arch === null ? found : `${found}/${arch}`;
}

function guess(name: string): string | null {
  if (isDistro(name)) return `${name}-${name === 'debian' ? 'stable' : 'lts'}`;
  const { proposals } = knownSpellings();
  const longer = proposals.find((proposal) => name.startsWith(`${proposal}-`) || name.startsWith(`${proposal}.`));
  return longer ?? nearest(name, proposals);
}

function isDistro(text: string): text is Distro {
  return text === 'debian' || text === 'ubuntu';
}
