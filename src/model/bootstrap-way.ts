/** Which way a machine is bootstrapped by, and why. */
import { fail } from '../errors/machinespawn-error.ts';
import type { Arch } from './arch.ts';
import { releaseOf } from './releases.ts';

export const bootstrapWays = ['fast', 'debootstrap', 'mmdebstrap'] as const;
export type BootstrapWay = (typeof bootstrapWays)[number];

export interface WayRequest {
  readonly with: BootstrapWay | 'auto';
  readonly codename: string;
  readonly variant: 'default' | 'minbase' | 'buildd';
  readonly exclude: readonly string[];
}

export interface WayAnswer {
  readonly way: BootstrapWay;
  /** For a person, after the name of the way. */
  readonly why: string;
}

/** A test compares the fast way's machines of these with debootstrap's. */
const provenSuites: readonly string[] = ['bookworm', 'trixie', 'forky', 'sid'];
const provenVariants: readonly string[] = ['default', 'minbase'];

/** Throws MSP_WAY_UNFIT. */
export function chooseWay(request: WayRequest): WayAnswer {
  const problem = fastProblem(request);
  if (request.with === 'auto')
    return problem === null
      ? { way: 'fast', why: 'shown to give what debootstrap gives' }
      : { way: 'debootstrap', why: problem };
  if (request.with === 'fast' && problem !== null)
    throw fail('MSP_WAY_UNFIT', { way: 'fast', image: releaseOf(request.codename).image, problem });
  if (request.with === 'mmdebstrap' && request.exclude.length > 0) {
    const { image } = releaseOf(request.codename);
    throw fail('MSP_WAY_UNFIT', { way: 'mmdebstrap', image, problem: 'mmdebstrap cannot leave packages out' });
  }
  return { way: request.with, why: 'asked for' };
}

/** Why debootstrap should do it; null where the fast way is right. */
function fastProblem({ codename, variant }: Pick<WayRequest, 'codename' | 'variant'>): string | null {
  if (!provenSuites.includes(codename)) return `the fast way is not shown to be right for ${codename}`;
  if (!provenVariants.includes(variant)) return `the fast way is not shown to be right for the variant ${variant}`;
  return null;
}

/** The way that `auto` takes for the usual variants of a release, as `images` shows it. */
export function usualWay(codename: string): BootstrapWay {
  return fastProblem({ codename, variant: 'default' }) === null ? 'fast' : 'debootstrap';
}

/** What a test shows to come out equal with native programs in place of emulated ones. */
const provenTwins: Readonly<Partial<Record<string, readonly Arch[]>>> = {
  bookworm: ['arm64', 'armhf'],
  trixie: ['arm64', 'armhf'],
};

/** May programs of the host's architecture stand in while packages of a foreign one are configured? */
export function mayUseTwins(codename: string, variant: WayRequest['variant'], guest: Arch): boolean {
  return variant === 'minbase' && provenTwins[codename]?.includes(guest) === true;
}
