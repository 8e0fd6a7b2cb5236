/** Which way a machine is bootstrapped by, and why. */
import { fail } from '../errors/machinespawn-error.ts';
import type { Arch } from './arch.ts';
import { foundByAptOnly, parsePackageRequest } from './package-request.ts';
import {
  comparedHost,
  comparedIncludes,
  isProvenEqual,
  isProvenVariant,
  type BootstrapVariant,
  type EqualityCell,
} from './proven-equal.ts';
import { releaseOf } from './releases.ts';

export const bootstrapWays = ['fast', 'debootstrap', 'mmdebstrap'] as const;
export type BootstrapWay = (typeof bootstrapWays)[number];

export interface WayRequest {
  readonly with: BootstrapWay | 'auto';
  readonly codename: string;
  readonly variant: BootstrapVariant;
  /** The machine's. */
  readonly arch: Arch;
  readonly hostArch: Arch;
  /** As --include takes them. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Whose scripts see the host architecture's programs in the place of emulated ones: all packages', or the required ones'. */
export const twinScopes = ['all', 'required'] as const;
export type TwinScope = (typeof twinScopes)[number];

export interface WayAnswer {
  readonly way: BootstrapWay;
  /** For a person, after the name of the way. */
  readonly why: string;
}

/** Throws MSP_WAY_UNFIT. */
export function chooseWay(request: WayRequest): WayAnswer {
  if (request.with === 'auto') {
    const problem = fastProblem(request) ?? namesProblem('fast', request);
    if (problem !== null) {
      const whyNot = namesProblem('debootstrap', request);
      return whyNot === null ? { way: 'debootstrap', why: problem } : byMmdebstrap(request, whyNot);
    }
    const where = request.hostArch === comparedHost ? '' : ` on ${comparedHost}`;
    return { way: 'fast', why: `shown${where} to give what debootstrap gives` };
  }
  if (request.with === 'mmdebstrap') return byMmdebstrap(request, 'asked for');
  const problem = namesProblem(request.with, request);
  if (problem !== null) throw unfit(request, request.with, problem);
  return request.with === 'fast' ? fastAskedFor(request) : { way: 'debootstrap', why: 'asked for' };
}

/** Throws MSP_WAY_UNFIT. */
function byMmdebstrap(request: WayRequest, why: string): WayAnswer {
  if (request.exclude.length > 0) throw unfit(request, 'mmdebstrap', 'mmdebstrap cannot leave packages out');
  return { way: 'mmdebstrap', why };
}

/** What that way cannot make of the names of packages; null for nothing. apt, and so mmdebstrap, knows all their forms. */
function namesProblem(way: 'fast' | 'debootstrap', { include, arch }: WayRequest): string | null {
  for (const text of include) {
    const asked = parsePackageRequest(text);
    if (asked === null) continue;
    const problem = foundByAptOnly(asked, arch);
    if (problem !== null) return problem;
    if (way === 'debootstrap' && asked.kind === 'package' && asked.name !== text)
      return `debootstrap takes names only, and not ${text}`;
  }
  return null;
}

const unfit = (request: WayRequest, way: BootstrapWay, problem: string): Error =>
  fail('MSP_WAY_UNFIT', { way, image: releaseOf(request.codename).image, problem });

/** Throws MSP_WAY_UNFIT for what may be made in another way than what was compared. */
function fastAskedFor(request: WayRequest): WayAnswer {
  const problem = fastProblem(request);
  if (problem === null) return { way: 'fast', why: 'asked for' };
  if (isProvenVariant(request)) return { way: 'fast', why: `asked for, though ${problem}` };
  throw unfit(request, 'fast', problem);
}

/** Why debootstrap should do it; null where the fast way is right. */
function fastProblem(cell: EqualityCell): string | null {
  if (isProvenEqual(cell)) return null;
  const { codename, variant, arch } = cell;
  const of = isProvenVariant(cell) ? `${codename} ${variant} on ${arch}` : `${codename} ${variant}`;
  return `the fast way is not shown to be right for ${of}`;
}

/**
 * Where native programs may stand in for emulated ones; null for nowhere. What asks for the architecture gets the host's
 * from them, so they serve only packages whose scripts were compared, on a host like that.
 */
export function twinScope(
  request: EqualityCell & { readonly hostArch: Arch; readonly include: readonly string[] },
): TwinScope | null {
  if (request.hostArch !== comparedHost || !isProvenEqual(request)) return null;
  return request.include.every((name) => comparedIncludes.includes(name)) ? 'all' : 'required';
}

/** The way that `auto` takes for the default variant of a release, as `images` shows it. */
export function usualWay(codename: string, arch: Arch): BootstrapWay {
  return isProvenEqual({ codename, variant: 'default', arch }) ? 'fast' : 'debootstrap';
}
