/**
 * Machines of the fast way that a test compares with debootstrap's, entry for entry: test/real/equality.test.ts. CI compares
 * what there is time for, `npm run equality` all of it. What is not here debootstrap does, unless the fast way is asked for.
 */
import type { Arch } from './arch.ts';

export type BootstrapVariant = 'default' | 'minbase' | 'buildd';

export interface EqualityCell {
  readonly codename: string;
  readonly variant: BootstrapVariant;
  /** The machine's, on a host of amd64; the ones that amd64 does not run are compared with native programs standing in. */
  readonly arch: Arch;
}

const native = ['amd64', 'i386'] as const;
const since12 = [...native, 'arm64', 'armhf'] as const;
const since13 = [...since12, 'riscv64'] as const;

/** Codename -> variant -> architectures. */
const proven: Readonly<Record<string, Readonly<Record<BootstrapVariant, readonly Arch[]>>>> = {
  bookworm: { default: since12, minbase: since12, buildd: native },
  trixie: { default: since13, minbase: since13, buildd: native },
  forky: { default: since13, minbase: since13, buildd: native },
  sid: { default: since13, minbase: since13, buildd: native },
};

/** All of them. */
export function equalityCells(): readonly EqualityCell[] {
  return Object.entries(proven).flatMap(([codename, variants]) =>
    (['minbase', 'default', 'buildd'] as const).flatMap((variant) =>
      variants[variant].map((arch) => ({ codename, variant, arch })),
    ),
  );
}

export function isProvenEqual({ codename, variant, arch }: EqualityCell): boolean {
  return proven[codename]?.[variant].includes(arch) === true;
}

/** Has any machine of this suite been compared? */
export function isProvenSuite(codename: string): boolean {
  return codename in proven;
}
